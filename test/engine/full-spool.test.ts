import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LogChunk } from '../../src/core/log.ts';
import { newId } from '../../src/core/id.ts';
import { decodeFrames } from '../../src/protocol/frames.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { LogShipper } from '../../worker/logs/log-shipper.ts';
import { waitFor } from '../support/wait.ts';
import { ORDINARY, importBusyboxImage, sharedEngine } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';

const IMAGE = 'slipway-test-spool:ordinary';
const SPOOL_BYTES = 256 * 1024;

let engine: Engine;
let dir: string;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-spool-'));
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
  await rm(dir, { recursive: true });
});

it('ends a step at its deadline while its spool is full, and what it has said arrives later, without a gap', async () => {
  const server = Promise.withResolvers<void>();
  const taken: LogChunk[] = [];
  const shipper = new LogShipper({
    spoolDir: path.join(dir, 'spool'),
    spoolBytes: SPOOL_BYTES,
    memoryBytes: SPOOL_BYTES / 4,
    post: async (body) => {
      await server.promise;
      taken.push(...decodeFrames(body));
    },
  });
  const name = `counts-${newId('att').slice(-6)}`;
  const told: string[] = [];
  const running = runTestWorkflow(engine, {
    image: IMAGE,
    openLog: (attemptId) => shipper.open(attemptId, []),
    settings: { graceMs: 500 },
    onReport: ({ type }) => told.push(type),
    steps: [
      {
        name,
        timeoutMs: 4_000,
        commands: ['set +x; i=0', 'while :; do echo "line $i of a log that nobody takes"; i=$((i+1)); done'],
      },
    ],
  });
  const isThere = async (): Promise<boolean> =>
    (await engine.listOwned([`${LABELS.step}=${name}`])).containers.length > 0;
  await waitFor('the step runs', isThere, 20_000);
  await waitFor('its container is gone', async () => !(await isThere()), 30_000);
  await sleep(500);
  expect(told, 'its end waits for its log').toEqual(['step.started']);
  server.resolve();
  const { outcome, ends, left } = await running;
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: `step ${name}: it ran longer than its timeout of 4 s`,
  });
  expect(left).toEqual([]);
  const { attemptId = '', logBytes = 0 } = ends[name] ?? {};
  expect(await shipper.delivered(attemptId)).toBe(logBytes);
  await shipper.stop(new Error('the test is over'));
  expect(logBytes).toBeGreaterThanOrEqual(SPOOL_BYTES);
  expectWhole(taken, logBytes);
});

/** Each chunk begins where the one before ended, no line is missing, and the last one is the reason of the end. */
function expectWhole(chunks: readonly LogChunk[], bytes: number): void {
  let offset = 0;
  for (const chunk of chunks) {
    expect(chunk.offset).toBe(offset);
    offset += chunk.bytes.length;
  }
  expect(offset).toBe(bytes);
  expect(chunks.at(-1)?.end).toBe(true);
  const lines = Buffer.concat(chunks.map((chunk) => chunk.bytes))
    .toString()
    .split('\n');
  expect(lines.at(-2)).toMatch(/It ran longer than its timeout of 4 s\.$/);
  const counted = lines.filter((line) => line.startsWith('line '));
  // The last one may be cut, and goes on with the reason then.
  expect(counted.slice(0, -1)).toEqual(
    counted.slice(0, -1).map((_, index) => `line ${index} of a log that nobody takes`),
  );
}
