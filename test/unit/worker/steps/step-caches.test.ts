import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CachePlan } from '../../../../src/core/plan.ts';
import { CacheStore } from '../../../../worker/caches/cache-store.ts';
import { restoreCaches, saveCaches } from '../../../../worker/steps/step-caches.ts';
import { stepOf } from '../../../support/record.ts';
import { localPlace } from '../collect/local-place.ts';

let root: string;
let workspace: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-step-caches-'));
  workspace = path.join(root, 'workspace');
  mkdirSync(path.join(workspace, 'modules'), { recursive: true });
  writeFileSync(path.join(workspace, 'modules/a'), 'a');
  writeFileSync(path.join(workspace, 'lock'), 'one');
});
afterEach(() => rmSync(root, { recursive: true }));

const CACHE: CachePlan = {
  ...{ paths: ['modules'], key: 'npm', files: ['lock'], fallbackKeys: ['npm-'], policy: 'pull-push' },
};

type PutArchive = (id: string, directory: string, tar: NodeJS.ReadableStream) => Promise<void>;

/** A step whose container is a folder of this machine; what is unpacked goes to `put`. */
function stepWith(cache: Partial<CachePlan> = {}, put?: PutArchive, more: object = {}) {
  const said: string[] = [];
  const signal = new AbortController().signal;
  const place = localPlace(workspace, signal);
  const unpacked: number[] = [];
  const context = {
    engine: {
      ...place.engine,
      putArchive:
        put ??
        (async (_id: string, directory: string, tar: NodeJS.ReadableStream) => {
          expect(directory).toBe('/');
          unpacked.push((await buffer(tar)).length);
        }),
    },
    work: { caches: { own: 'prj_1.trusted', others: [] } },
    labels: { lease: 'lea_1' },
    caches: new CacheStore({ directory: path.join(root, 'caches'), keepBytes: 1e9, diskLow: { bytes: 0 } }),
    ...more,
  } as unknown as Parameters<typeof restoreCaches>[0];
  const step = {
    plan: stepOf('install', { caches: [{ ...CACHE, ...cache }] }),
    container: { id: 'here', hasEnded: () => false },
    workingDirectory: workspace,
    sink: { say: async (line: string) => void said.push(line.replace(/[0-9a-f]{32}/g, '<hash>')) },
    ...{ signal, inTime: signal },
  } as unknown as Parameters<typeof restoreCaches>[1];
  return { context, step, said, unpacked };
}

async function build(test: ReturnType<typeof stepWith>, isFurther = false) {
  const { failure, pending } = await restoreCaches(test.context, test.step, isFurther);
  if (failure === null) await saveCaches(test.context, test.step, pending);
  return { failure, said: test.said.map((line) => line.replace(/[\d.]+ (?:k?B|s)\b/g, '<n>')) };
}

it('says hit or miss, the key, bytes and seconds', async () => {
  const MISSED = ['Cache npm-<hash>: miss.', 'Cache npm-<hash>: saved, <n> in <n>.'];
  expect(await build(stepWith())).toEqual({ failure: null, said: MISSED });
  const again = stepWith();
  expect((await build(again)).said).toEqual(['Cache npm-<hash>: hit, <n> in <n>.']);
  expect(again.unpacked).toHaveLength(1);
  writeFileSync(path.join(workspace, 'lock'), 'two');
  expect((await build(stepWith())).said).toEqual([
    'Cache npm-<hash>: miss; restored npm-<hash>, <n> in <n>.',
    MISSED[1],
  ]);
});

it('says of which branch, tag or pull request a cache is that the default branch has not saved', async () => {
  const own = (kind: string) => ({ work: { caches: { own: `prj_1.${kind}`, others: [] } } });
  const kinds = {
    [`branch-${'a'.repeat(32)}`]: 'branch',
    [`tag-${'a'.repeat(32)}`]: 'tag',
    'fork-1': 'pull request',
  };
  for (const [kind, whose] of Object.entries(kinds)) {
    await build(stepWith({}, undefined, own(kind)));
    expect((await build(stepWith({}, undefined, own(kind)))).said).toEqual([
      `Cache npm-<hash>: hit of this ${whose}, <n> in <n>.`,
    ]);
  }
});

it('honours the policy', async () => {
  expect((await build(stepWith({ policy: 'pull' }))).said).toEqual(['Cache npm-<hash>: miss.']);
  expect((await build(stepWith({ policy: 'push' }))).said).toEqual(['Cache npm-<hash>: saved, <n> in <n>.']);
  const there = stepWith({ policy: 'push' });
  expect((await build(there)).said).toEqual(['Cache npm-<hash>: it is there already.']);
  expect(there.unpacked).toEqual([]);
});

it('leaves to a further attempt what the one before has left in the workspace, and restores what else is cached', async () => {
  const inside = { paths: ['/workspace/is-not-on-this-machine'] };
  expect((await build(stepWith(inside), true)).said).toEqual([
    'Cache npm-<hash>: not saved: none of its paths is there.',
  ]);
  expect((await build(stepWith(), true)).said[0]).toBe('Cache npm-<hash>: miss.');
});

it('ends a step whose cache was unpacked in part, and whose paths nobody can know any more', async () => {
  await build(stepWith());
  const { failure, said } = await build(stepWith({}, () => Promise.reject(new Error('no space left.'))));
  expect(failure).toMatchObject({
    status: 'error',
    reason: expect.stringMatching(/^the cache npm-\w+ could not be restored: no space left$/) as string,
  });
  expect(said).toEqual([]);
});

it('fails no step for what cannot be saved', async () => {
  expect((await build(stepWith({ paths: ['missing'] }))).said.at(-1)).toBe(
    'Cache npm-<hash>: not saved: none of its paths is there.',
  );
  const full = new CacheStore({
    directory: path.join(root, 'caches'),
    keepBytes: 100,
    diskLow: { bytes: 0 },
  });
  expect((await build(stepWith({}, undefined, { caches: full }))).said.at(-1)).toBe(
    'Cache npm-<hash>: not saved: it is larger than the room for all caches, 100 bytes (SLIPWAY_KEEP_CACHES_BYTES).',
  );
  const ended = stepWith();
  ended.step.container.hasEnded = () => true;
  expect((await build(ended)).said.at(-1)).toBe(
    'Cache npm-<hash>: not saved: the container has ended with its commands.',
  );
  expect((await build(stepWith({ key: 'x'.repeat(600), files: [] }))).said).toEqual([
    'Cache: nothing was restored: its key has 600 characters, and not 1 to 512.',
  ]);
});

it('says where nothing is cached: on a worker that keeps none, and of a server that tells of no space', async () => {
  const off = new CacheStore({ directory: path.join(root, 'caches'), keepBytes: 0, diskLow: { bytes: 0 } });
  for (const more of [{ caches: off }, { caches: undefined }, { work: {} }])
    expect((await build(stepWith({}, undefined, more))).said).toEqual([
      'Cache: this worker keeps none (SLIPWAY_KEEP_CACHES_BYTES).',
    ]);
});
