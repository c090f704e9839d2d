import { spawnSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CACHE_LIMITS } from '../../../../src/core/cache.ts';
import type { CachePlan } from '../../../../src/core/plan.ts';
import { belowFolder } from '../../../../src/pipeline/plan/plan-caches.ts';
import { cacheKeyOf } from '../../../../worker/caches/cache-key.ts';
import { expandPaths, packPaths, type PathsFound } from '../../../../worker/caches/pack-paths.ts';
import type { FilesPlace } from '../../../../worker/collect/collect-files.ts';
import { localPlace } from '../collect/local-place.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-cache-'));
  folder = path.join(root, 'workspace');
  mkdirSync(path.join(folder, 'a/modules/deep'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const pack = (place: FilesPlace, ...paths: string[]) => packFound(place, { paths, named: new Set(paths) });

async function packFound(place: FilesPlace, found: PathsFound): Promise<string> {
  const archive = path.join(root, 'archive.tar');
  closeSync(openSync(archive, 'w'));
  const file = await open(archive, 'w');
  let wrote = 0;
  try {
    await packPaths(place, found, file, async (bytes) => void (wrote += bytes));
  } finally {
    await file.close();
  }
  expect(wrote).toBe(statSync(archive).size);
  return archive;
}

it('packs what tar unpacks again just as it was: links, permissions, times, long names', async () => {
  const modules = path.join(folder, 'a/modules');
  writeFileSync(path.join(modules, 'deep/run'), 'run', { mode: 0o750 });
  linkSync(path.join(modules, 'deep/run'), path.join(modules, 'same'));
  symlinkSync('../deep/run', path.join(modules, 'link'));
  symlinkSync('/nowhere/at/all', path.join(modules, 'dangling'));
  const long = `${'long-'.repeat(30)}/ein Name ☃`;
  mkdirSync(path.join(modules, path.dirname(long)));
  writeFileSync(path.join(modules, long), 'x');
  const archive = await pack(localPlace(folder), modules);
  const out = path.join(root, 'out');
  mkdirSync(out);
  expect(spawnSync('tar', ['-C', out, '-xpf', archive]).status).toBe(0);
  const same = spawnSync('diff', ['-r', '--no-dereference', modules, path.join(out, modules)], {
    encoding: 'utf8',
  });
  expect(same).toMatchObject({ status: 0, stdout: '' });
  expect(statSync(path.join(out, modules, 'deep/run'))).toMatchObject({ mode: 0o100750, nlink: 2 });
});

it('expands patterns as a shell, each path one word, whatever is in it', async () => {
  for (const name of ['b c', "d'$(touch hacked)", '-e'])
    mkdirSync(path.join(folder, name, 'modules'), { recursive: true });
  symlinkSync('/nowhere', path.join(folder, 'dangling'));
  const of = async (...paths: string[]) =>
    (
      await expandPaths(
        localPlace(folder),
        paths.map((one) => path.join(folder, one)),
      )
    ).paths;
  const below = (...names: string[]) => names.map((one) => path.join(folder, one));
  expect(await of('*/modules')).toEqual(
    below('-e/modules', 'a/modules', 'b c/modules', "d'$(touch hacked)/modules"),
  );
  expect(await of('missing', 'b c', 'dangling', '[a]/mod*')).toEqual(below('a/modules', 'b c', 'dangling'));
  expect(await of('missing', 'm*ssing')).toEqual([]);
  expect(await of('d\\[1\\]', "d'$(touch hacked)")).toEqual(below("d'$(touch hacked)"));
});

it.each(['app/[slug]', 'a{b,c}', 'back\\slash*'])(
  'finds what is below a folder whose name has wildcards, %s, which a plan escapes',
  async (name) => {
    const below = path.join(folder, name);
    mkdirSync(path.join(below, 'modules'), { recursive: true });
    for (const cached of ['modules', 'mod*', './modules'])
      expect(
        (await expandPaths(localPlace(folder), [belowFolder(below, cached)])).paths.map((one) =>
          path.normalize(one),
        ),
      ).toEqual([path.join(below, 'modules')]);
  },
);

it('refuses more paths than one command takes, whatever finds them', async () => {
  const found = (count: number, more = '') => {
    const names = Array.from({ length: count }, (_, n) => `/x/${n}${more}\0`);
    return expandPaths(lyingPlace(Buffer.from(names.join(''))), ['/x/*']);
  };
  expect((await found(CACHE_LIMITS.paths)).paths).toHaveLength(CACHE_LIMITS.paths);
  await expect(found(CACHE_LIMITS.paths + 1)).rejects.toThrow('its patterns find more than 4000 paths');
  await expect(found(2_500, 'x'.repeat(240))).rejects.toThrow('half a MiB of names');
  await expect(expandPaths(endlessPlace(), ['/x/*'])).rejects.toThrow('half a MiB of names');
});

it('checks a large archive of many paths in a moment', async () => {
  const paths = Array.from({ length: 4_000 }, (_, n) => `/workspace/node_modules/package-${n}`);
  const header = tarOf(
    '--transform=flags=r;s,.*,workspace/node_modules/package-3999/lib/index.js,',
    'workspace/a/modules/deep',
  );
  const entries = Array.from<unknown, Buffer>({ length: 4_000 }, () => header.subarray(0, 512));
  const before = process.cpuUsage();
  await pack(lyingPlace(Buffer.concat([...entries, Buffer.alloc(1024)])), ...paths);
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(1_500_000); // each entry beside each path takes a multiple
});

it('refuses a path that is a link itself, and takes one that a pattern has found', async () => {
  mkdirSync(path.join(folder, 'real'));
  symlinkSync('real', path.join(folder, 'modules'));
  const packed = async (pattern: string) =>
    packFound(localPlace(folder), await expandPaths(localPlace(folder), [path.join(folder, pattern)]));
  await expect(packed('modules')).rejects.toThrow(
    `${path.join(folder, 'modules')} is a link to real, and only`,
  );
  await packed('mod*');
});

/** A container whose shell does not end. */
function endlessPlace(): FilesPlace {
  return lyingPlace(Buffer.from('/x/y\0'.repeat(50_000)), 0, Infinity);
}

/** A container whose tar was made to say what it likes. */
function lyingPlace(archive: Buffer, exitCode = 0, times = 1): FilesPlace {
  return {
    ...localPlace(folder),
    engine: {
      exec: async () => ({
        execId: 'e',
        output: (async function* () {
          for (let n = 0; n < times; n += 1) yield { stream: 'stdout' as const, bytes: archive };
        })(),
        destroy: () => undefined,
      }),
      exitCodeOf: async () => exitCode,
    },
  };
}

function tarOf(...args: string[]): Buffer {
  return spawnSync('tar', ['-C', root, '-cPf', '-', ...args], { maxBuffer: 1e8 }).stdout;
}

it('refuses an archive that would write anywhere else', async () => {
  writeFileSync(path.join(root, 'x'), 'x');
  linkSync(path.join(root, 'x'), path.join(root, 'y'));
  symlinkSync('/.slipway', path.join(root, 'evil'));
  spawnSync('mkfifo', [path.join(root, 'pipe')]);
  const as = (name: string, file = 'x') => tarOf(`--transform=flags=r;s,.*,${name},`, file);
  const refused: [Buffer, string][] = [
    [as('etc/passwd'), 'is not of the paths'],
    [as('/etc/passwd'), 'is not of the paths'],
    [as('m/../etc/passwd'), 'is not of the paths'],
    [as('mo/x'), 'is not of the paths'],
    [as('m/pipe', 'pipe'), 'is no file, folder or link'],
    [
      tarOf('--transform=flags=r;s,evil,m/evil,', '--transform=flags=r;s,^x,m/evil/busybox,', 'evil', 'x'),
      'is behind a link',
    ],
    [tarOf('--transform=flags=rh;s,^x,m/x,', 'x', 'y'), 'is not of the paths'],
    [Buffer.alloc(1024, 'x'), 'header that is none'],
    [as('m/x').subarray(0, 600), 'ends in the middle'],
  ];
  for (const [archive, why] of refused)
    await expect(pack(lyingPlace(archive), '/m'), why).rejects.toThrow(why);
  await pack(lyingPlace(as('m/x')), '/m');
  await pack(lyingPlace(as('./m/x')), '/m');
  await expect(pack(lyingPlace(as('m/x'), 1), '/m')).rejects.toThrow('files changed');
});

it('ends a key with what is in its files, wherever the time has gone', async () => {
  const key = (more: Partial<CachePlan>) =>
    cacheKeyOf(localPlace(folder), {
      ...{ paths: [], key: 'npm', files: [], fallbackKeys: [], policy: 'pull-push' },
      ...more,
    });
  expect(await key({})).toBe('npm');
  expect(await key({ files: ['lock'] })).toBe('npm-none');
  writeFileSync(path.join(folder, 'lock'), 'one');
  const one = await key({ files: ['lock'] });
  expect(one).toMatch(/^npm-[0-9a-f]{32}$/);
  expect(await key({ files: ['**/lock', 'missing'], key: '' })).toBe(one.slice(4));
  writeFileSync(path.join(folder, 'lock'), 'one');
  expect(await key({ files: ['lock'] })).toBe(one);
  writeFileSync(path.join(folder, 'lock'), 'two');
  const two = await key({ files: ['lock'] });
  expect(two).not.toBe(one);
  writeFileSync(path.join(folder, 'a/lock'), 'two');
  expect(await key({ files: ['**/lock'] })).not.toBe(two);
  rmSync(path.join(folder, 'lock'));
  expect(await key({ files: ['**/lock'] })).not.toBe(two);
  await expect(key({ key: 'k'.repeat(513) })).rejects.toThrow('513 characters');
  await expect(key({ key: '' })).rejects.toThrow('0 characters');
  expect(readFileSync(path.join(folder, 'a/lock'), 'utf8')).toBe('two');
});
