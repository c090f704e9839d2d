import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildView } from '../src/core/views/build-view.ts';
import { isEnd } from '../src/core/status.ts';
import { push } from '../test/support/builds.ts';
import { until, type System } from '../test/support/system.ts';
import { TIMES } from '../config/times.ts';
import { median, round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const ROUNDS = 3;
const FILE =
  'steps: [{ name: long, image: "slipway-test/busybox:1", timeout: 5m, commands: [echo begun, sleep 120] }]\n';

/**
 * From kill -9 of a worker in the middle of a step to the build's verdict: where the worker is started again at once, and
 * where it stays away, so that its lease has to run out. Floor: the lease.
 */
export async function recovery(ground: Ground): Promise<Figures<'recovery'>> {
  return measuredSystem(ground, { 'slipway.yml': FILE }, async ({ system, repository }) => {
    const samples: Record<'restarted' | 'away', number[]> = { restarted: [], away: [] };
    for (let n = 0; n < ROUNDS; n++)
      for (const how of ['restarted', 'away'] as const) {
        const id = await push(system, repository, { n: `${n}-${how}` });
        await until(async () => runsLong(await buildOf(system, id)), 'the step runs', 60_000);
        await sleep(500);
        const gone = system.worker === null ? null : once(system.worker, 'exit');
        const startMs = performance.now();
        system.worker?.kill('SIGKILL');
        await gone;
        const again = how === 'restarted' ? system.startWorker() : null;
        await until(async () => isEnd((await buildOf(system, id)).status), 'the verdict', 60_000);
        samples[how].push(performance.now() - startMs);
        await (again ?? system.startWorker());
      }
    const [restartedMs, awayMs] = [round(median(samples.restarted)), round(median(samples.away))];
    const row = (what: string, ms: number) => ({
      what: `kill -9 of a worker → verdict, ${what}, median of ${ROUNDS}`,
      value: `${round(ms / 1000)} s`,
      floor: `${TIMES.lease / 1000} s (the lease)`,
      goal: '≤ 20 s',
    });
    return {
      rows: [row('started again at once', restartedMs), row('it stays away', awayMs)],
      json: { restartedMs, awayMs },
    };
  });
}

const buildOf = (system: System, id: string): Promise<BuildView> => system.api('GET', `/builds/${id}`);

const runsLong = (build: BuildView): boolean =>
  build.workflows.some(({ steps }) =>
    steps.some(({ name, status }) => name === 'long' && status === 'running'),
  );
