import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildView } from '../src/core/views/build-view.ts';
import { isEnd } from '../src/core/status.ts';
import { push } from '../test/support/builds.ts';
import { until, type System } from '../test/support/system.ts';
import { TIMES } from '../config/times.ts';
import { median, round, type Figures } from './figures.ts';
import { measuredSystem, type Measured } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const ROUNDS = 3;
const STEP =
  'steps: [{ name: long, image: "slipway-test/busybox:1", timeout: 5m, commands: [echo begun, sleep 120] }]\n';
const IMAGE = 'image: {}\nsteps: [{ name: look, commands: ["true"] }]\n';

/** Where a build is when its worker is killed, and what recovery is then. */
interface Case {
  /** Of a repository, different in each round. */
  readonly files: (round: string) => Readonly<Record<string, string>>;
  readonly isThere: (build: BuildView) => boolean;
  /** `how`: what becomes of the worker. */
  readonly isBack: (build: BuildView, how: How) => boolean;
  readonly what: Readonly<Record<How, string>>;
}

const HOWS = ['restarted', 'away'] as const;
type How = (typeof HOWS)[number];

/** A step that had begun is not run twice: the build ends. One whose steps had not is attempted again. */
const CASES: Readonly<Record<'step' | 'image', Case>> = {
  step: {
    files: (round) => ({ 'slipway.yml': STEP, round }),
    isThere: (build) => runs(build, 'long'),
    isBack: (build) => isEnd(build.status),
    what: {
      restarted: 'kill -9 of a worker → verdict, started again at once',
      away: 'kill -9 of a worker → verdict, it stays away',
    },
  },
  image: {
    files: (round) => ({
      'slipway.yml': IMAGE,
      Dockerfile: `FROM slipway-test/busybox:1\nRUN echo ${round} && sleep 120\n`,
    }),
    isThere: (build) => runs(build, 'image'),
    isBack: ({ workflows }, how) =>
      workflows.some(({ attempt, status }) => attempt === 2 && (how === 'away' || status === 'running')),
    what: {
      restarted: 'kill -9 of a worker in the image → second attempt begun, started again at once',
      away: 'kill -9 of a worker in the image → second attempt waits for a worker, it stays away',
    },
  },
};

/**
 * From kill -9 of a worker, in the middle of a step and of an image, to the build's verdict or its second attempt: where the
 * worker is started again at once, and where it stays away, so that its lease has to run out. Floor: the lease.
 */
export async function recovery(ground: Ground): Promise<Figures<'recovery'>> {
  return measuredSystem(ground, { 'slipway.yml': STEP }, async (measured) => {
    const step = await medians(measured, CASES.step);
    const image = await medians(measured, CASES.image);
    const row = ({ what }: Case, how: How, ms: number) => ({
      what: `${what[how]}, median of ${ROUNDS}`,
      value: `${round(ms / 1000)} s`,
      floor: `${TIMES.lease / 1000} s (the lease)`,
      goal: '≤ 20 s',
    });
    return {
      rows: [
        ...HOWS.map((how) => row(CASES.step, how, step[how])),
        ...HOWS.map((how) => row(CASES.image, how, image[how])),
      ],
      json: {
        restartedMs: step.restarted,
        awayMs: step.away,
        imageRestartedMs: image.restarted,
        imageAwayMs: image.away,
      },
    };
  });
}

async function medians(measured: Measured, one: Case): Promise<Readonly<Record<How, number>>> {
  const samples: Record<How, number[]> = { restarted: [], away: [] };
  for (let n = 0; n < ROUNDS; n++)
    for (const how of HOWS) samples[how].push(await sampleOf(measured, one, { how, name: `${n}-${how}` }));
  return { restarted: round(median(samples.restarted)), away: round(median(samples.away)) };
}

async function sampleOf(
  { system, repository }: Measured,
  { files, isThere, isBack }: Case,
  { how, name }: { readonly how: How; readonly name: string },
): Promise<number> {
  const id = await push(system, repository, files(name));
  await until(async () => isThere(await buildOf(system, id)), 'the build is there', 60_000);
  await sleep(500);
  const gone = system.worker === null ? null : once(system.worker, 'exit');
  const startMs = performance.now();
  system.worker?.kill('SIGKILL');
  await gone;
  const again = how === 'restarted' ? system.startWorker() : null;
  await until(async () => isBack(await buildOf(system, id), how), 'the build is back', 60_000);
  const tookMs = performance.now() - startMs;
  await (again ?? system.startWorker());
  if (!isEnd((await buildOf(system, id)).status)) await system.api('POST', `/builds/${id}/cancel`);
  await until(async () => isEnd((await buildOf(system, id)).status), 'the end', 60_000);
  return tookMs;
}

const buildOf = (system: System, id: string): Promise<BuildView> => system.api('GET', `/builds/${id}`);

const runs = (build: BuildView, row: string): boolean =>
  build.workflows.some(({ steps }) => steps.some(({ name, status }) => name === row && status === 'running'));
