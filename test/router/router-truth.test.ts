import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlotIndex, SlotRole } from '../../src/core/deployment.ts';
import { askCandidate } from '../../worker/deploy/ask-candidate.ts';
import { readCounters } from '../../worker/router/in-flight.ts';
import { sideName } from '../../worker/router/render-router.ts';
import { slotBackend } from '../../worker/router/server-lines.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait.ts';
import { startPublicLoad, type PublicLoad } from './support/public-load.ts';
import { readFromFiles, readRunning } from './support/read-from-files.ts';
import { environmentOf, startRouterUnderTest, type RouterUnderTest } from './support/router-under-test.ts';
import { startSlotApp, type SlotApp } from './support/start-slot-app.ts';

/**
 * Experiment "router truth" (docs/decisions/0003-router.md): every transition of three slots, under load in every
 * method and over websockets, and after each one the router, the live app or the candidate is killed, or the router in the middle of it.
 * SLIPWAY_LONG_TESTS=1 repeats it ten times.
 */
const ROUNDS = process.env['SLIPWAY_LONG_TESTS'] === '1' ? 10 : 1;
const PORT = 18_411;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const FAULTS = ['none', 'router', 'live', 'other', 'router amid'] as const;
type Fault = (typeof FAULTS)[number];
type Roles = readonly [SlotRole, SlotRole, SlotRole];

/** What a deployment, a rollback, an aborted deployment and an expiry do to the roles. */
const TRANSITIONS: readonly { readonly what: string; readonly roles: Roles }[] = [
  { what: 'prepare a candidate beside live and standby', roles: ['live', 'standby', 'candidate'] },
  { what: 'switch to it', roles: ['standby', 'empty', 'live'] },
  { what: 'roll back to the hot standby', roles: ['live', 'empty', 'standby'] },
  { what: 'prepare again', roles: ['live', 'candidate', 'standby'] },
  { what: 'abort it', roles: ['live', 'empty', 'standby'] },
  { what: 'let the standby expire', roles: ['live', 'empty', 'empty'] },
  { what: 'prepare without a standby', roles: ['live', 'candidate', 'empty'] },
  { what: 'switch', roles: ['standby', 'live', 'empty'] },
  { what: 'roll back', roles: ['live', 'standby', 'empty'] },
];

let under: RouterUnderTest;
let folder: string;
let load: PublicLoad;
let roles: Roles = ['empty', 'empty', 'empty'];
let fence = 0;
const apps = new Map<SlotIndex, SlotApp>();
/** Apps that may answer the public host. */
const allowed = new Set<string>();
const strangers: unknown[] = [];
/** Who was live: from before the switch to it until after the one away from it. */
const reigns: { readonly app: string; readonly fromMs: number; toMs: number }[] = [];
const opened: { app: string; startedMs: number; endedMs: number }[] = [];
const random = seededRandom();
const disturbed: { fromMs: number; toMs: number }[] = [];
const cut: { app: string; atMs: number }[] = [];

beforeAll(async () => {
  under = await startRouterUnderTest();
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-truth-'));
  await transition(['candidate', 'empty', 'empty']);
  await transition(['live', 'empty', 'empty']);
  await transition(['live', 'candidate', 'empty']);
  await transition(['standby', 'live', 'empty']);
  await transition(['live', 'standby', 'empty']);
  load = startPublicLoad({
    port: under.port,
    host: 'shop.test',
    clients: 8,
    websockets: 4,
    briefWebsockets: 2,
    pauseMs: 5,
    paths: ['/', '/slow?ms=60', '/fail', '/', '/close'],
    onAnswer: (answer) => {
      if (answer.app !== null && !allowed.has(answer.app)) strangers.push(answer);
    },
    onOpen: (app, startedMs) => {
      const socket = { app, startedMs, endedMs: performance.now() };
      opened.push(socket);
      if (!allowed.has(app)) strangers.push(socket);
    },
    onCut: (app) => allowed.has(app) && cut.push({ app, atMs: performance.now() }),
  });
});

afterAll(async () => {
  await load?.stop();
  for (const app of apps.values()) await app.kill();
  await under?.remove();
  await rm(folder, { recursive: true, force: true });
});

describe.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))('round %i', () => {
  describe.each(FAULTS)('killing after each transition: %s', (fault) => {
    it.each(TRANSITIONS)('agrees with its files after "$what"', async (step) => {
      await transition(step.roles, fault === 'router amid');
      expect(await under.router.differences()).toEqual([]);
      if (fault !== 'live' && fault !== 'other') await expectSameAfterRestart();
      await inflict(fault);
      expect(await under.router.differences()).toEqual([]);
      await expectSide();
      await sleep(fault === 'none' ? 150 : 50);
      expect(strangers, 'answers of an app that the public may not reach').toEqual([]);
    });
  });
});

describe('over all of it', () => {
  let journal: Map<string, { method: string; times: number }>;
  beforeAll(async () => {
    await load.stop();
    journal = await readJournal();
  });

  it('never let a candidate, an aborted or a removed app answer the public host', () => {
    expect(load.answers.length).toBeGreaterThan(500);
    expect(strangers).toEqual([]);
  });

  it('was answered by live, not by a standby, while nothing was killed', () => {
    const answered = [...load.answers.filter(({ app }) => app !== null), ...opened].filter(isCalm);
    expect(answered.length).toBeGreaterThan(200);
    expect(opened.filter(isCalm).length).toBeGreaterThan(20);
    const wasLive = ({ app, startedMs, endedMs }: (typeof answered)[number]) =>
      reigns.some((reign) => reign.app === app && startedMs <= reign.toMs && endedMs >= reign.fromMs);
    expect(answered.filter((answer) => !wasLive(answer))).toEqual([]);
  });

  it('ran nothing but GET, HEAD and OPTIONS more than once', () => {
    const repeated = [...journal.values()].filter(({ times }) => times > 1);
    expect(repeated.filter(({ method }) => !SAFE.has(method))).toEqual([]);
    expect(repeated.length, 'a GET whose connection closes is tried again').toBeGreaterThan(0);
  });

  it('lost no request and cut no websocket while nothing was killed', () => {
    const calm = load.answers.filter(isCalm).filter(({ path }) => path !== '/close');
    expect(calm.length).toBeGreaterThan(200);
    expect(calm.filter(({ status, path }) => status !== (path === '/fail' ? 500 : 200))).toEqual([]);
    expect(cut.filter(({ atMs }) => isCalm({ startedMs: atMs, endedMs: atMs }))).toEqual([]);
    expect(cut.length, 'those of a killed app were cut').toBeGreaterThan(0);
  });

  it('ran every answered request that is not safe exactly once', () => {
    const answered = load.answers.filter(({ method, app }) => !SAFE.has(method) && app !== null);
    expect(answered.length).toBeGreaterThan(200);
    expect(answered.filter(({ id }) => journal.get(id)?.times !== 1)).toEqual([]);
  });
});

/** HAProxy runs what one that starts from its files would run, and not just what they were rendered from. */
async function expectSameAfterRestart(): Promise<void> {
  expect(await readRunning(under.router.runtime)).toEqual(await readFromFiles(under.dir));
}

/** Starts and ends apps as the roles ask, and takes the roles to the router, which `amid` is killed meanwhile. */
async function transition(next: Roles, amid = false): Promise<void> {
  fence++;
  const before = roles;
  for (const index of [0, 1, 2] as const) {
    const starts = next[index] === 'candidate' && before[index] !== 'candidate';
    if (starts) apps.set(index, await startApp(index, `f${fence}s${index}`));
    const app = apps.get(index);
    if (app !== undefined && (next[index] === 'live' || next[index] === 'standby')) allowed.add(app.name);
  }
  const live = apps.get(next.indexOf('live') as SlotIndex)?.name;
  const reign = reigns.at(-1);
  if (live !== undefined && live !== reign?.app)
    reigns.push({ app: live, fromMs: performance.now(), toMs: Infinity });
  await (amid ? putAmidDeath(next) : put(next));
  if (reign !== undefined && reign !== reigns.at(-1)) reign.toMs = performance.now();
  roles = next;
  for (const index of [0, 1, 2] as const) if (next[index] === 'empty') await retire(index);
}

async function put(next: Roles): Promise<void> {
  const applied = await under.router.put(environmentOf(fence, next, PORT));
  expect(applied).toEqual({ ok: true, running: true });
}

/** HAProxy is killed at some moment of the change and comes back from what the files say then. */
async function putAmidDeath(next: Roles): Promise<void> {
  const fromMs = performance.now();
  const applied = under.router.put(environmentOf(fence, next, PORT));
  await sleep(random.next() * 30);
  await under.kill();
  await under.start();
  expect(await applied).toMatchObject({ ok: true });
  expect(await under.router.sync()).toBe(true);
  disturbed.push({ fromMs, toMs: performance.now() });
}

async function retire(index: SlotIndex): Promise<void> {
  const app = apps.get(index);
  if (app === undefined) return;
  // A websocket that a fail-over moved counts as a request, so this may not wait for ever.
  const enough = performance.now() + 300;
  while ((await under.router.inFlight(3, index)).requests > 0 && performance.now() < enough) await sleep(5);
  allowed.delete(app.name);
  await app.kill();
  apps.delete(index);
}

async function inflict(fault: Fault): Promise<void> {
  if (fault === 'none' || fault === 'router amid') return;
  const fromMs = performance.now();
  if (fault === 'router') {
    await under.kill();
    await under.start();
  } else await restartApp(fault);
  disturbed.push({ fromMs, toMs: performance.now() });
}

/** Kills the live app, or the candidate (else the standby), and starts it again on its address. */
async function restartApp(which: 'live' | 'other'): Promise<void> {
  const wanted: readonly SlotRole[] = which === 'live' ? ['live'] : ['candidate', 'standby'];
  const index = wanted.map((role) => roles.indexOf(role)).find((found) => found >= 0) as
    SlotIndex | undefined;
  const app = index === undefined ? undefined : apps.get(index);
  if (index === undefined || app === undefined) return;
  await app.kill();
  await sleep(200);
  apps.set(index, await startApp(index, app.name));
  if (roles[index] === 'candidate') return;
  const isUp = async () => {
    const counters = await readCounters(under.router.runtime, slotBackend(3, index));
    return counters.get('main')?.status === 'UP';
  };
  await waitFor('its check has seen it', isUp);
}

async function expectSide(): Promise<void> {
  const index = roles.indexOf('candidate') as SlotIndex | -1;
  const answer = await askCandidate(under.router.sideSocket, sideName(3), '/', 2_000);
  expect(answer.status).toBe(index === -1 ? 404 : 200);
}

function startApp(index: SlotIndex, name: string): Promise<SlotApp> {
  return startSlotApp(name, `127.0.0.${21 + index}`, PORT, path.join(folder, 'journal'));
}

function isCalm({ startedMs, endedMs }: { startedMs: number; endedMs: number }): boolean {
  return disturbed.every(({ fromMs, toMs }) => endedMs < fromMs || startedMs > toMs);
}

async function readJournal() {
  const runs = new Map<string, { method: string; times: number }>();
  const text = await readFile(path.join(folder, 'journal'), 'utf8');
  for (const line of text.trim().split('\n')) {
    const [method = '', id = ''] = line.split(' ');
    runs.set(id, { method, times: (runs.get(id)?.times ?? 0) + 1 });
  }
  return runs;
}
