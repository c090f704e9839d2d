import { constants } from 'node:buffer';
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Installation } from '../../../src/backup/installation.ts';
import {
  demandListable,
  MOST_FILES,
  newManifest,
  readManifest,
  writeManifest,
} from '../../../src/backup/manifest.ts';
import { restoreBackup } from '../../../src/backup/restore-backup.ts';
import { takeBackup } from '../../../src/backup/take-backup.ts';
import { MIGRATIONS } from '../../../src/store/migrate.ts';
import { readGeneration } from '../../../worker/router/generations.ts';
import { prepareRouter } from '../../../worker/router/open-router.ts';
import { kill, makeGround, modesBelow, readRestored, type Ground } from './support.ts';

let ground: Ground;
let origin: Installation;
/** A good backup, taken of a server at work; tests that damage it copy it first. */
let good: string;
const to = (name: string): string => path.join(ground.dir, name);
let made = 0;
/** A test may be tried again. */
const newName = (name: string): string => `${name}-${(made += 1)}`;

beforeAll(async () => {
  ground = await makeGround();
  origin = ground.place('origin');
  await ground.startWriting(origin);
  await writeFile(path.join(origin.dataDir, 'admin-token'), 'the token\n', { mode: 0o644 });
  await prepareRouter(origin.routerDir, { binds: ['127.0.0.1:18080'], backends: 7 });
  await sleep(500);
  good = to('good');
  await withoutUmask(() => takeBackup(origin, good));
});
afterAll(() => ground.stop());

/** With files that all may read and write, where nothing says otherwise. */
async function withoutUmask<T>(work: () => Promise<T>): Promise<T> {
  const umask = process.umask(0);
  try {
    return await work();
  } finally {
    process.umask(umask);
  }
}

describe('a backup of a server that writes', () => {
  it('holds, whenever it is taken, every log byte that its database counts as acknowledged', async () => {
    let before = 0;
    for (const round of [1, 2, 3, 4, 5]) {
      const target = to(newName(`round-${round}`));
      await takeBackup(origin, target);
      const fresh = ground.place(newName(`fresh-${round}`));
      await restoreBackup(fresh, target);
      const { rows, behind, wrong } = await readRestored(fresh);
      expect({ behind, wrong }).toEqual({ behind: [], wrong: [] });
      expect(rows).toBeGreaterThan(before);
      before = rows;
    }
  });

  it('is for its owner alone, whatever the mode of what was copied', async () => {
    for (const folder of [good, await withoutUmask(() => restored('modes'))])
      expect(
        (await modesBelow(folder)).filter((name) => !/ (?:600|700)$/.test(name)).filter(isNotRouters),
      ).toEqual([]);
  });

  it('brings keys, admin token and router state along, the router rendered for its new folder', async () => {
    const data = await restored('whole');
    for (const name of ['keys', 'admin-token'])
      expect(await readFile(path.join(data, name), 'utf8')).toBe(
        await readFile(path.join(origin.dataDir, name), 'utf8'),
      );
    const [was, is] = [
      await readGeneration(origin.routerDir),
      await readGeneration(path.join(data, 'router')),
    ];
    expect(is?.state).toEqual(was?.state);
    const config = await readFile(path.join(data, 'router', 'current', 'haproxy.cfg'), 'utf8');
    expect(config).toContain(data);
    expect(config).not.toContain(`${origin.dataDir}/`);
  });

  it('leaves nothing beside itself', async () => {
    expect((await readdir(ground.dir)).filter((name) => name.includes('unfinished'))).toEqual([]);
    expect((await readdir(await restored('tidy'))).sort()).toEqual(
      ['admin-token', 'keys', 'logs', 'router', 'slipway.db'].sort(),
    );
  });
});

describe('a backup is refused', () => {
  it('over something that is there, which stays as it was', async () => {
    const before = await readFile(path.join(good, 'manifest.json'), 'utf8');
    await expect(takeBackup(origin, good)).rejects.toMatchObject({ code: 'backup_target_taken' });
    expect(await readFile(path.join(good, 'manifest.json'), 'utf8')).toBe(before);
    await writeFile(to('a-file'), 'mine');
    await expect(takeBackup(origin, to('a-file'))).rejects.toMatchObject({ code: 'backup_target_taken' });
    expect(await readFile(to('a-file'), 'utf8')).toBe('mine');
  });

  it('into the data folder', async () => {
    const inside = path.join(origin.dataDir, 'backup');
    await expect(takeBackup(origin, inside)).rejects.toMatchObject({ code: 'backup_target_taken' });
  });

  it('of a place without a database or without a key, and leaves nothing', async () => {
    const nowhere = ground.place('nowhere');
    await expect(takeBackup(nowhere, to('of-nowhere'))).rejects.toMatchObject({ code: 'nothing_to_back_up' });
    const keyless = ground.place(newName('keyless'));
    await restoreBackup(keyless, good);
    await rm(path.join(keyless.dataDir, 'keys'));
    await expect(takeBackup(keyless, to('of-keyless'))).rejects.toMatchObject({ code: 'backup_failed' });
    expect((await readdir(ground.dir)).filter((name) => /^of-(?:nowhere|keyless)/.test(name))).toEqual([]);
  });
});

it('a backup of more files than a manifest can list is refused before their copying', () => {
  expect(() => demandListable(MOST_FILES)).not.toThrow();
  expect(() => demandListable(MOST_FILES + 1)).toThrow(expect.objectContaining({ code: 'backup_failed' }));
});

it('a backup of the most files there can be has a manifest that fits into a string', () => {
  const longest = {
    path: `logs/2026-11/21/attempt_${'0'.repeat(26)}.log`,
    bytes: 2 ** 50,
    sha256: 'f'.repeat(64),
  };
  const facts = { takenAt: new Date().toISOString(), database: 'sqlite', schema: 1 } as const;
  const [one, two] = [[longest], [longest, longest]].map((files) =>
    writeManifest(newManifest({ ...facts, files })),
  );
  const each = (two ?? '').length - (one ?? '').length;
  expect(each * MOST_FILES).toBeLessThan(constants.MAX_STRING_LENGTH - 10_000);
});

describe('a backup that is ended half-way', () => {
  it('by a signal leaves nothing', async () => {
    const ending = new AbortController();
    const taking = takeBackup(origin, to('ended'), { signal: ending.signal });
    ending.abort();
    await expect(taking).rejects.toThrow();
    expect((await readdir(ground.dir)).filter((name) => name.startsWith('ended'))).toEqual([]);
  });

  it('by a kill is no backup, at any file it had come to', async () => {
    const names = (await readdir(good, { recursive: true })).filter((name) => name !== 'manifest.json');
    for (const kept of [0, 1, Math.floor(names.length / 2), names.length]) {
      const half = to(newName('half'));
      await mkdir(half);
      for (const name of names.slice(0, kept))
        await cp(path.join(good, name), path.join(half, name), { recursive: true });
      await expectUntouched(half, 'backup_damaged');
    }
  });
});

describe('a restore is refused, and writes nothing,', () => {
  it('for a file that was changed, cut, lengthened or lost', async () => {
    const log = (await readdir(good, { recursive: true })).find((name) => name.endsWith('.log')) ?? '';
    const harms: Readonly<Record<string, (folder: string) => Promise<void>>> = {
      changed: async (folder) => {
        const file = path.join(folder, log);
        const bytes = await readFile(file);
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
      cut: (folder) => truncate(path.join(folder, 'database.sqlite'), 4096),
      lengthened: (folder) => appendFile(path.join(folder, 'keys'), 'more\n'),
      lost: (folder) => rm(path.join(folder, log)),
    };
    for (const [name, harm] of Object.entries(harms)) {
      const folder = to(newName(`harmed-${name}`));
      await cp(good, folder, { recursive: true });
      await harm(folder);
      await expectUntouched(folder, 'backup_damaged');
    }
  });

  it('for a manifest that was changed, also to name a file elsewhere', async () => {
    const text = await readFile(path.join(good, 'manifest.json'), 'utf8');
    const changed = await withManifest('manifest-changed', text.replace('"takenAt": "2', '"takenAt": "1'));
    await expectUntouched(changed, 'backup_damaged');
    const { manifest } = JSON.parse(text) as { manifest: Parameters<typeof writeManifest>[0] };
    for (const name of [
      '../outside',
      'logs/../../outside',
      '/etc/passwd',
      'logs/2026-01/01/att_1.log/../../x',
    ]) {
      const files = [...manifest.files, { path: name, bytes: 0, sha256: '0'.repeat(64) }];
      const leading = await withManifest('manifest-leading', writeManifest({ ...manifest, files }));
      await expectUntouched(leading, 'backup_damaged');
    }
    expect(readManifest(text, good)).toEqual(manifest);
  });

  it('for a newer schema and a newer layout', async () => {
    const text = await readFile(path.join(good, 'manifest.json'), 'utf8');
    const { manifest } = JSON.parse(text) as { manifest: Parameters<typeof writeManifest>[0] };
    const schema = MIGRATIONS.length + 1;
    const newer = await withManifest('newer-schema', writeManifest({ ...manifest, schema }));
    await expectUntouched(newer, 'backup_newer');
    const layout = await withManifest('newer-layout', JSON.stringify({ manifest: { format: 2 } }));
    await expectUntouched(layout, 'backup_newer');
  });

  it('while the server runs, and for a place that is taken once it does not', async () => {
    const place = ground.place(newName('busy'));
    await restoreBackup(place, good);
    const server = await ground.startWriting(place);
    const before = await stat(path.join(place.dataDir, 'keys'));
    await expect(restoreBackup(place, good)).rejects.toMatchObject({ code: 'server_running' });
    // Removed under a server that runs: there is no lock to ask any more.
    for (const name of await readdir(place.dataDir))
      await rm(path.join(place.dataDir, name), { recursive: true });
    await expect(restoreBackup(place, good)).rejects.toMatchObject({ code: 'server_running' });
    await kill(server);
    await rm(place.dataDir, { recursive: true, force: true });
    await restoreBackup(place, good);
    await expect(restoreBackup(place, good)).rejects.toMatchObject({ code: 'restore_place_taken' });
    expect((await stat(path.join(place.dataDir, 'keys'))).size).toBe(before.size);
  });

  it('for the journal of a database that is gone, which SQLite would play into the new one', async () => {
    const place = ground.place(newName('journal'));
    await mkdir(place.dataDir);
    await writeFile(path.join(place.dataDir, 'slipway.db-wal'), 'old');
    await expect(restoreBackup(place, good)).rejects.toMatchObject({ code: 'restore_place_taken' });
    expect(await readdir(place.dataDir)).toEqual(['slipway.db-wal']);
  });

  it('when the settings name the other kind of database', async () => {
    const place = ground.place('other', 'postgres://slipway@127.0.0.1:1/nobody');
    await expect(restoreBackup(place, good)).rejects.toMatchObject({ code: 'restore_other_database' });
  });
});

it('a restore that fails on its way takes back what it had put', async () => {
  const place = ground.place(newName('failing'));
  await mkdir(place.routerDir, { recursive: true });
  await writeFile(path.join(place.dataDir, 'images'), 'of a registry');
  await chmod(place.routerDir, 0o700);
  const inTheWay = {
    ...place,
    database: { kind: 'sqlite', file: path.join(place.dataDir, 'no', 'slipway.db') },
  } as const;
  await expect(restoreBackup(inTheWay, good)).rejects.toThrow();
  expect((await readdir(place.dataDir, { recursive: true })).sort()).toEqual(['images', 'router']);
});

it('a restored record is followed by a router that has seen more than it knows', async () => {
  const place = ground.place(newName('ahead'));
  await restoreBackup(place, good);
  expect((await readRestored(place)).fence).toBeGreaterThan(1_000_000);
});

it('a restored database is whole, in one file, and its lock is free', async () => {
  const data = await restored('free');
  const database = new DatabaseSync(path.join(data, 'slipway.db'), { readOnly: true });
  expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'delete' });
  expect(database.prepare('select ends_at from server_lock').get()).toEqual({ ends_at: 0 });
  database.close();
});

async function restored(name: string): Promise<string> {
  const place = ground.place(newName(`restored-${name}`));
  await restoreBackup(place, good);
  return place.dataDir;
}

async function withManifest(name: string, text: string): Promise<string> {
  const folder = to(name);
  await rm(folder, { recursive: true, force: true });
  await cp(good, folder, { recursive: true });
  await writeFile(path.join(folder, 'manifest.json'), text);
  return folder;
}

/** The router's own files have the modes that the router gives them. */
const isNotRouters = (name: string): boolean => !/^router\/(?:current|lock)/.test(name);

async function expectUntouched(source: string, code: string): Promise<void> {
  const place = ground.place('untouched');
  await expect(restoreBackup(place, source)).rejects.toMatchObject({ code });
  await expect(stat(place.dataDir)).rejects.toThrow('ENOENT');
}
