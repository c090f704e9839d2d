import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CacheSpaces } from '../../../../src/core/cache.ts';
import { CacheStore, NoRoom, type CacheSettings } from '../../../../worker/caches/cache-store.ts';

const OWN = 'prj_1.trusted';
const PULL = 'prj_1.pull-7';
const trusted: CacheSpaces = { own: OWN, others: [] };
const pull: CacheSpaces = { own: PULL, others: [OWN] };
const paths = ['/workspace/node_modules'];

let directory: string;
beforeEach(() => void (directory = mkdtempSync(path.join(tmpdir(), 'slipway-caches-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const open = (more: Partial<CacheSettings> = {}) =>
  new CacheStore({ directory, keepBytes: 1024 ** 3, diskLow: { bytes: 0 }, ...more });

async function save(store: CacheStore, key: string, content: string, space = OWN, of = paths) {
  return store.save('lea_1', space, { key, paths: of }, async (file, wrote) => {
    await file.write(content);
    await wrote(content.length);
  });
}

/** Content of what is found, and its key. */
async function read(found: Awaited<ReturnType<CacheStore['find']>>): Promise<string | null> {
  if (found === null) return null;
  const content = await text(found.archive.createReadStream({ autoClose: false }));
  await found.archive.close();
  return `${found.key}=${content}`;
}

const find = async (store: CacheStore, key: string, spaces = trusted, of = paths) =>
  read(await store.find(spaces, { key, paths: of }));
const findLike = async (store: CacheStore, ...prefixes: string[]) =>
  read(await store.findLike(trusted, paths, prefixes));
const aside = () => readdirSync(path.join(directory, 'aside'));

it('finds by key and paths, in the order of the fall-back keys the one of that key before the newest like it', async () => {
  const store = open();
  for (const key of ['npm-1', 'npm-2', 'npm', 'yarn-1']) {
    expect(await save(store, key, key)).toEqual({ kind: 'first', bytes: key.length });
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  expect(await find(store, 'npm-1')).toBe('npm-1=npm-1');
  expect(await find(store, 'npm-1', trusted, ['/other'])).toBeNull();
  expect(await find(store, 'npm-3')).toBeNull();
  expect(await findLike(store, 'npm-')).toBe('npm-2=npm-2');
  expect(await findLike(store, 'npm')).toBe('npm=npm');
  expect(await findLike(store, 'pnpm-', 'yarn-', 'npm-')).toBe('yarn-1=yarn-1');
  expect(await findLike(store, 'pnpm-')).toBeNull();
  expect(await findLike(store)).toBeNull();
  expect(await read(await store.findLike(trusted, ['/other'], ['npm']))).toBeNull();
});

it('gives a pull request what branches have saved, and nobody what a pull request has', async () => {
  const store = open();
  await save(store, 'a', 'of main');
  await save(store, 'b', 'of the pull request', PULL);
  await save(store, 'a', 'poison', PULL);
  expect(await find(store, 'a')).toBe('a=of main');
  expect(await find(store, 'b')).toBeNull();
  expect(await findLike(store, 'b')).toBeNull();
  expect(await find(store, 'b', { own: 'prj_1.pull-8', others: [OWN] })).toBeNull();
  expect(await find(store, 'b', { own: 'prj_2.trusted', others: [] })).toBeNull();
  expect(await find(store, 'a', { own: 'prj_1.fork-7', others: [] })).toBeNull();
  expect(await find(store, 'a', pull)).toBe('a=poison');
  rmSync(path.join(directory, 'spaces', PULL), { recursive: true });
  expect(await find(store, 'a', pull)).toBe('a=of main');
});

it.each(['../prj_1.trusted', 'a/b.trusted', '/etc', 'prj_1'])('refuses the space %s', async (space) => {
  await expect(save(open(), 'a', 'x', space)).rejects.toThrow('is no space of caches');
  await expect(find(open(), 'a', { own: space, others: [] })).rejects.toThrow('is no space of caches');
});

it('keeps the first of several that save one key at once, whole', async () => {
  const stores = Array.from({ length: 8 }, () => open());
  const saved = await Promise.all(stores.map((store, n) => save(store, 'a', String(n).repeat(200_000))));
  const first = saved.map(({ kind }) => kind).indexOf('first');
  expect(saved.filter(({ kind }) => kind === 'first')).toHaveLength(1);
  expect(await find(open(), 'a')).toBe(`a=${String(first).repeat(200_000)}`);
  expect(await save(open(), 'a', 'later')).toEqual({ kind: 'there' });
  expect(await find(open(), 'a')).toBe(`a=${String(first).repeat(200_000)}`);
  expect(aside()).toEqual([]);
});

it('leaves nothing of a save that failed in the middle', async () => {
  const store = open();
  const broken = store.save('lea_1', OWN, { key: 'a', paths }, async (file) => {
    await file.write('half');
    throw new Error('the container is gone');
  });
  await expect(broken).rejects.toThrow('the container is gone');
  expect(await find(store, 'a')).toBeNull();
  expect(aside()).toEqual([]);
});

it('restores nothing of a save whose process was killed, and removes what that has left', async () => {
  const program = path.join(import.meta.dirname, 'save-slowly.ts');
  const child = spawn(process.execPath, [program, directory, 'a'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  const store = open();
  expect(aside()).toHaveLength(1);
  expect(await find(store, 'a', trusted, ['/x'])).toBeNull();
  expect(await read(await store.findLike(trusted, ['/x'], ['a']))).toBeNull();
  await store.clearLeftovers((owner) => owner === 'lea_dead');
  expect(aside()).toHaveLength(1);
  await store.clearLeftovers(() => false);
  expect(aside()).toEqual([]);
  expect(await save(store, 'a', 'whole', OWN, ['/x'])).toMatchObject({ kind: 'first' });
  expect(await find(store, 'a', trusted, ['/x'])).toBe('a=whole');
});

it('takes out what was unused for longest, and what is being read stays readable', async () => {
  const store = open({ keepBytes: 25 });
  for (const [age, key] of ['a', 'b', 'c'].entries()) {
    await save(store, key, key.repeat(10));
    const time = new Date(Date.now() - 100_000 + age * 1_000);
    utimesSync(path.join(entryOf(key), 'archive'), time, time);
  }
  expect(await find(store, 'a')).toBe('a=aaaaaaaaaa');
  const reading = await store.find(trusted, { key: 'b', paths });
  utimesSync(path.join(entryOf('b'), 'archive'), 1, 1);
  expect(await store.evict()).toBe(1);
  expect(await read(reading)).toBe('b=bbbbbbbbbb');
  expect(await find(store, 'b')).toBeNull();
  expect([await find(store, 'a'), await find(store, 'c')]).toEqual(['a=aaaaaaaaaa', 'c=cccccccccc']);
  expect(await store.evict()).toBe(0);
  expect(aside()).toEqual([]);
});

it('saves nothing where the disk is low, nor what is larger than all room', async () => {
  // Of a disk in memory that nothing else uses, all is free.
  writeFileSync(path.join(directory, 'other'), 'used');
  await expect(save(open({ diskLow: { bytes: Number.MAX_SAFE_INTEGER } }), 'a', 'x')).rejects.toThrow(
    /bytes of the worker's disk are free \(SLIPWAY_DISK_LOW\)/,
  );
  await expect(save(open({ diskLow: { percent: 100 } }), 'a', 'x')).rejects.toThrow(NoRoom);
  await expect(save(open({ keepBytes: 3 }), 'a', 'four')).rejects.toThrow('larger than the room');
  expect(await find(open(), 'a')).toBeNull();
  expect(aside()).toEqual([]);
});

it('bounds what other branches and pull requests save by their share, while it is written and after', async () => {
  const store = open({ keepBytes: 100 });
  await save(store, 'small', 'x', PULL);
  await expect(save(store, 'large', 'x'.repeat(51), PULL)).rejects.toThrow(
    'it is larger than the room for those that no default branch has saved, 50 bytes, half of SLIPWAY_KEEP_CACHES_BYTES',
  );
  expect(await store.evict()).toBe(0);
  expect(await find(store, 'small', pull)).toBe('small=x');
  const name = { key: 'large', paths };
  const saved = await store.save('lea_1', PULL, name, async (file, wrote) => {
    await file.write('x'.repeat(50));
    await wrote(50);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await find(store, 'small', pull)).toBe('small=x');
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  expect(saved).toMatchObject({ kind: 'first' });
  expect(await store.evict()).toBe(1);
  expect(await find(store, 'large', pull)).toBe(`large=${'x'.repeat(50)}`);
});

it('keeps a list of one cache a commit short, so that a look at it stays one', async () => {
  const store = open();
  for (let n = 0; n < 102; n += 1) {
    await save(store, `eslint-${n}`, 'x');
    utimesSync(path.join(entryOf(`eslint-${n}`), 'archive'), n, n);
  }
  await save(store, 'eslint-0', 'x', OWN, ['/other']);
  expect(await store.evict()).toBe(2);
  expect(await find(store, 'eslint-1')).toBeNull();
  expect(await find(store, 'eslint-2')).toBe('eslint-2=x');
  expect(await find(store, 'eslint-0', trusted, ['/other'])).toBe('eslint-0=x');
});

const DAMAGES: Readonly<Record<string, (entry: string) => void>> = {
  'cut about': (entry) => writeFileSync(path.join(entry, 'about.json'), '{"key":'),
  'about of nothing': (entry) => writeFileSync(path.join(entry, 'about.json'), 'null'),
  'no about': (entry) => rmSync(path.join(entry, 'about.json')),
  'cut archive': (entry) => writeFileSync(path.join(entry, 'archive'), 'o'),
  'no archive': (entry) => rmSync(path.join(entry, 'archive')),
};

it.each(Object.keys(DAMAGES))('passes over a damaged entry, and saves its key again: %s', async (damage) => {
  const store = open();
  await save(store, 'a-1', 'one');
  DAMAGES[damage]?.(entryOf('a-1'));
  expect(await find(store, 'a-1')).toBeNull();
  expect(await findLike(store, 'a-')).toBeNull();
  await save(store, 'a-2', 'two');
  expect(await findLike(store, 'a-')).toBe('a-2=two');
  expect(await save(store, 'a-1', 'again')).toEqual({ kind: 'first', bytes: 5 });
  expect(await find(store, 'a-1')).toBe('a-1=again');
  expect(aside()).toEqual([]);
});

it.each(Object.keys(DAMAGES))(
  'removes a damaged entry with the folders that are empty then, and no whole one: %s',
  async (damage) => {
    const store = open();
    await save(store, 'a', 'one');
    await save(store, 'b', 'two', PULL);
    const [own, pulled] = [entryOf('a'), entryOf('b', PULL)];
    DAMAGES[damage]?.(pulled);
    expect(await store.removeDamaged()).toBe(1);
    expect(readdirSync(path.join(directory, 'spaces'))).toEqual([OWN]);
    expect(await find(store, 'a')).toBe('a=one');
    DAMAGES[damage]?.(own);
    expect(await store.removeDamaged()).toBe(1);
    expect(readdirSync(path.join(directory, 'spaces'))).toEqual([]);
    expect(aside()).toEqual([]);
  },
);

it('removes no cache whose key was saved anew while others were looked at', async () => {
  const store = open();
  await save(store, 'a', 'one', PULL);
  await save(store, 'b', 'two');
  rmSync(path.join(entryOf('a', PULL), 'archive'));
  // The look comes to this one last, and waits there for what it is.
  const about = path.join(entryOf('b'), 'about.json');
  const content = readFileSync(about);
  rmSync(about);
  execFileSync('mkfifo', [about]);
  const looking = store.removeDamaged();
  const writing = await openFile(about, 'w');
  expect(await save(store, 'a', 'again', PULL)).toEqual({ kind: 'first', bytes: 5 });
  await writing.writeFile(content);
  await writing.close();
  expect(await looking).toBe(1);
  expect(await find(store, 'a', pull)).toBe('a=again');
});

it('looks at all caches also where one cannot be read, and tells of that afterwards', async () => {
  const store = open();
  await save(store, 'a', 'one', PULL);
  await save(store, 'b', 'two');
  await save(store, 'c', 'three');
  const unread = path.join(entryOf('a', PULL), 'about.json');
  rmSync(path.join(entryOf('c'), 'archive'));
  rmSync(unread);
  mkdirSync(unread);
  await expect(store.removeDamaged()).rejects.toThrow('EISDIR');
  expect(readdirSync(path.join(directory, 'spaces'))).toEqual([PULL, OWN]);
  expect(await find(store, 'b')).toBe('b=two');
  expect(() => readdirSync(entryOf('c'))).toThrow('ENOENT');
});

it('counts nothing of what is damaged into the room', async () => {
  const store = open({ keepBytes: 10 });
  await save(store, 'a', 'x'.repeat(6));
  await save(store, 'b', 'x'.repeat(4));
  rmSync(path.join(entryOf('b'), 'archive'));
  expect(await store.evict()).toBe(1);
  expect(await find(store, 'a')).toBe('a=xxxxxx');
});

it('saves while others remove folders that are empty', async () => {
  const store = open();
  const saved = Array.from({ length: 20 }, async (_, n) => {
    const done = await save(store, String(n), 'x', `prj_1.pull-${n}`);
    await store.evict();
    return done;
  });
  for (const done of await Promise.all(saved)) expect(done).toEqual({ kind: 'first', bytes: 1 });
});

/** The folder of a cache. */
function entryOf(key: string, space = OWN): string {
  const folder = path.join(directory, 'spaces', space);
  const is = (entry: string) =>
    (JSON.parse(readFileSync(path.join(folder, entry, 'about.json'), 'utf8')) as { key: string }).key === key;
  const entries = readdirSync(folder).flatMap((list) =>
    readdirSync(path.join(folder, list)).map((name) => path.join(list, name)),
  );
  return path.join(folder, entries.find(is) ?? 'none');
}
