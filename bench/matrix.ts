import { createDispatcher } from '../src/dispatch/create-dispatcher.ts';
import { planPipeline } from '../src/pipeline/plan-pipeline.ts';
import { makeRecord, pushOf, type TestRecord } from '../test/support/record.ts';
import { EVENTS, inputOf } from '../test/unit/pipeline/support.ts';
import { median, round, type Figures } from './figures.ts';

const TIMES = 15;
const AXIS = 16;
const STEP = 'steps: [{ name: unit, image: "node:20", commands: [npm test] }]\n';

/**
 * From a recorded build to the first job in a worker's queue, by the server's own planner, record and dispatcher on
 * SQLite: of a file whose matrix has 256 combinations, and of the same file without it, which is the floor.
 */
export async function matrix(): Promise<Figures<'matrix'>> {
  const axis = Array.from({ length: AXIS }, (_, index) => index).join(', ');
  const large = await firstJobMs(`matrix: { A: [${axis}], B: [${axis}] }\n${STEP}`);
  const alone = await firstJobMs(STEP);
  const addedMs = round(large - alone);
  return {
    rows: [
      {
        what: `what a matrix of ${AXIS * AXIS} combinations adds to the first step's start`,
        value: `${addedMs} ms`,
        floor: `${round(alone)} ms (the same build without it)`,
        goal: '≤ 50 ms',
      },
    ],
    json: { addedMs },
  };
}

/** The median, each time on a server of its own; the first does not count. */
async function firstJobMs(text: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index <= TIMES; index++) {
    const record = await makeRecord();
    try {
      times.push(await timeOne(record, text));
    } finally {
      await record.close();
    }
  }
  return median(times.slice(1));
}

async function timeOne(record: TestRecord, text: string): Promise<number> {
  const first = Promise.withResolvers<number>();
  const { store, builds, clock } = record;
  const projectId = await record.project();
  await record.worker('bench');
  const queue = {
    add: async () => first.resolve(performance.now()),
    remove: async () => undefined,
    close: async () => undefined,
  };
  const dispatcher = createDispatcher({ store, builds, clock, queue, onError: first.reject });
  dispatcher.start();
  const event = pushOf('main');
  const { buildId } = await builds.createBuild({
    projectId,
    deliveryId: null,
    event,
    outcome: null,
    blocked: null,
  });
  await dispatcher.idle();
  const begun = performance.now();
  const { plan, problems } = planPipeline(inputOf(text, EVENTS.push));
  if (plan === null) throw new Error(problems.map(({ message }) => message).join('; '));
  await builds.planBuild(buildId, { kind: 'plan', plan, warnings: [] });
  const ended = await first.promise;
  await dispatcher.stop();
  return ended - begun;
}
