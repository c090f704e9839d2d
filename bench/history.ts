import path from 'node:path';
import { once } from 'node:events';
import { firstIdAt, type IdKind } from '../src/core/id.ts';
import type { BuildSummary } from '../src/core/views/build-view.ts';
import type { Page } from '../src/core/views/page.ts';
import { endOf, push } from '../test/support/builds.ts';
import { until, type System } from '../test/support/system.ts';
import { copyHistory } from './copy-history.ts';
import { median, quantile, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const BUILDS = 100_000;
const HISTORY_DAYS = 300;
const DAY_MS = 24 * 3_600_000;
const STARTS = 5;
const ASKS = 100;
const FILE = 'steps: [{ name: hello, image: "slipway-test/busybox:1", commands: [echo hello] }]\n';

/**
 * A server with 100,000 builds in its record: from the process's start to ready, after an end in order and after kill -9,
 * and its lists, the first page and one in the middle. Floor: the same server with one build.
 */
export async function history(ground: Ground): Promise<Figures<'history'>> {
  const keep = { SLIPWAY_KEEP_BUILDS: '0', SLIPWAY_KEEP_BUILDS_DAYS: '0' };
  return measuredSystem(
    ground,
    { 'slipway.yml': FILE },
    async ({ system, repository }) => {
      await endOf(system, await push(system, repository, { a: '1' }));
      const floorMs = await startsTake(system, 'SIGTERM');
      const floorListMs = await listsTake(system);
      await end(system, 'SIGTERM');
      ground.say(`  copying ${BUILDS} builds`);
      copyHistory(path.join(system.dir, 'data/slipway.db'), BUILDS, HISTORY_DAYS);
      await system.startServer();
      const readyMs = await startsTake(system, 'SIGTERM');
      const afterKillMs = await startsTake(system, 'SIGKILL');
      const listMs = await listsTake(system);
      const rowOf = (what: string, ms: number, floor: number, goal: string) => ({
        what: `${what} with ${BUILDS} builds`,
        value: `${round(ms)} ms`,
        floor: `${round(floor)} ms (one build)`,
        goal,
      });
      return {
        rows: [
          rowOf('server: start → ready, median of 5,', readyMs, floorMs, '≤ 2 s'),
          rowOf('server: start → ready after kill -9, median of 5,', afterKillMs, floorMs, '≤ 2 s'),
          rowOf('list pages, p95,', listMs, floorListMs, '≤ 50 ms'),
        ],
        json: { readyMs: round(readyMs), afterKillMs: round(afterKillMs), listP95Ms: round(listMs) },
      };
    },
    keep,
  );
}

/** Ends the server and starts it again, several times; the median from its start to ready, ms. */
async function startsTake(system: System, signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
  const samples: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    await end(system, signal);
    const startMs = performance.now();
    const started = system.startServer();
    const isReady = async () => (await fetch(`${system.url}/readyz`).catch(() => null))?.ok === true;
    await until(isReady, 'the server is ready');
    samples.push(performance.now() - startMs);
    await started;
  }
  return median(samples);
}

async function end({ server }: System, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const gone = server === null ? null : once(server, 'exit');
  server?.kill(signal);
  await gone;
}

/** The lists that pages show, as often each; the p95 of all, ms. */
async function listsTake(system: System): Promise<number> {
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
  const project = encodeURIComponent(items[0]?.projectPath ?? '');
  const middle = (kind: IdKind): string => firstIdAt(kind, Date.now() - (HISTORY_DAYS / 2) * DAY_MS);
  const lists = [
    '/builds',
    `/builds?project=${project}`,
    `/builds?before=${middle('bld')}`,
    '/deliveries',
    `/deliveries?before=${middle('dlv')}`,
    '/projects',
    '/environments',
    '/workers',
  ];
  const samples: number[] = [];
  for (let n = 0; n < ASKS; n++)
    for (const list of lists) {
      const startMs = performance.now();
      await system.api('GET', list);
      samples.push(performance.now() - startMs);
    }
  return quantile(samples, 0.95);
}
