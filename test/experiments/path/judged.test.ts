import { expect, test } from 'vitest';
import { unansweredByHttpd, type PublicAnswer } from '../../router/support/public-load.ts';
import { chaosOfPath } from './chaos.ts';
import { phaseOfFault } from './phase.ts';
import { againCommand } from './plan-rounds.ts';
import { temporaryOf } from './temporary-files.ts';
import { wrongInVersions } from './versions.ts';

/* What a round is judged by, on what has to be found. */

test('a fault counts for the phase in which it was before and after it, and for none where that is not known', () => {
  expect(phaseOfFault({ before: 'image', after: 'image' })).toBe('image');
  expect(phaseOfFault({ before: 'image', after: 'test' })).toBeNull();
  expect(phaseOfFault({ before: 'image', after: null })).toBe('image');
});

test('a request that may be repeated counts, whatever its method, and one that may not does not', () => {
  const answer = (method: string, status: number | null): PublicAnswer => ({
    ...{ method, status, id: '', path: '/', startedMs: 0, endedMs: 1, app: null, error: null },
  });
  const good = [answer('GET', 200), answer('HEAD', 200), answer('OPTIONS', 501), answer('POST', 503)];
  const bad = [answer('GET', 503), answer('HEAD', 502), answer('OPTIONS', 504), answer('OPTIONS', null)];
  expect(unansweredByHttpd([...good, ...bad])).toEqual(bad);
});

test('users see the old version, then the new one, once, whatever is hit', () => {
  const of = { before: 'b', after: 'c', standby: 'a' };
  const [server, router] = [
    { victim: 'server', fault: 'kill' },
    { victim: 'router', fault: 'kill' },
  ] as const;
  const engine = (['nap', 'freeze'] as const).map((fault) => ({ victim: 'engine', fault }) as const);
  for (const at of [server, router, ...engine]) {
    expect(wrongInVersions(['b', 'c'], at, of)).toEqual([]);
    expect(wrongInVersions(['b'], at, { ...of, after: 'b' })).toEqual([]);
    for (const seen of [['b'], ['c', 'b'], ['b', 'c', 'b'], ['b', 'a', 'c'], []])
      expect(wrongInVersions(seen, at, of)).toHaveLength(1);
  }
});

test('where the engine ended every app, the standby may answer until live does, and no other', () => {
  const of = { before: 'b', after: 'c', standby: 'a' };
  const engine = { victim: 'engine', fault: 'kill' } as const;
  expect(wrongInVersions(['b', 'a', 'b', 'c'], engine, of)).toEqual([]);
  expect(wrongInVersions(['b', 'c', 'b', 'c'], engine, of)).toEqual([]);
  for (const seen of [['b', 'c', 'b'], ['b', 'candidate', 'c'], []])
    expect(wrongInVersions(seen, engine, of)).toHaveLength(1);
});

test('temporary files are told by their names: those of git, of artifacts, of caches, and of half a log', () => {
  const left = [
    'mirrors/prj_1/objects/pack/tmp_pack_Ab12',
    'mirrors/prj_1/refs/heads/main.lock',
    'mirrors/prj_2.new',
    'worker-mirrors/prj_1/objects/pack/.tmp-12-pack-ab.pack',
    'artifacts/2026-11/23/art_1.part',
    'caches/aside/lease_1-ab',
    'keys.0123456789ab',
    'admin-token.new',
    'logs/2026-11/bld_1/att_2.log',
  ];
  const own = [
    'slipway.db-wal',
    'mirrors/prj_1/objects/pack/pack-0123456789ab.idx',
    'mirrors/prj_1/packed-refs',
    'artifacts/2026-11/23/art_1.tar.gz',
    'caches/spaces/trusted/list/name/archive',
    'logs/2026-11/bld_1/att_1.log',
    'logs/2026-11/bld_1/att_1.idx',
  ];
  expect(temporaryOf([...own, ...left])).toEqual(left);
});

test('a round is run again by a command that names the Slipway in which it was', () => {
  expect(againCommand('server/kill/image/7', { isPostgres: true })).toBe(
    'npm run chaos -- --postgres --round server/kill/image/7',
  );
  expect(againCommand('server/power/image/7', { isPostgres: false, mutant: 'fsync' })).toBe(
    'npm run chaos -- --mutant fsync --round server/power/image/7',
  );
});

test('what cannot be run together is refused before anything starts', async () => {
  const options = { rounds: 1, seed: 1, again: [] };
  await expect(chaosOfPath({ ...options, mutant: 'fsync', isPostgres: true })).rejects.toThrow('--postgres');
  await expect(chaosOfPath({ ...options, again: ['database/kill/image/7'] })).rejects.toThrow('--postgres');
});
