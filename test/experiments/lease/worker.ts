import './short-times.ts';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { StepWork, WorkflowWork } from '../../../src/core/work.ts';
import type { LogSink } from '../../../worker/log-sink.ts';
import { connectServer } from '../../../worker/server/connect-server.ts';
import { LeaseLost, type Lease } from '../../../worker/server/lease.ts';
import { takeFolder } from '../../../worker/take-folder.ts';
import { takeJobs } from '../../../worker/take-jobs.ts';
import { LINES, SECRET, line, type EffectBody, type Kind } from './work.ts';

/** A worker of the experiment: the real client and queue; its work is lines and one effect, without an engine. */
const SET_UP_MS = 300;
const [url = '', token = '', name = '', redisSocket = '', spoolDir = '', recorder = ''] =
  process.argv.slice(2);
process.stdin.on('end', () => process.exit(4)).resume();
const holder = await takeFolder(spoolDir);
const self = { url, token, name, capacity: 2, routers: [], process: holder };
const server = await connectServer({ ...self, spoolDir });
await holder.keep();
const redis = new Redis({ path: redisSocket, maxRetriesPerRequest: null });
redis.on('error', () => undefined);
takeJobs(
  server.queue,
  redis,
  async (job) => {
    if (job.kind === 'router') return;
    const claim = await server.claim(job);
    if (claim.granted) void run(claim.lease as Lease<WorkflowWork>);
  },
  () => undefined,
);
tell({ ready: name });

async function run(lease: Lease<WorkflowWork>): Promise<void> {
  const { work } = lease;
  const about = { build: work.build.id, attempt: work.attempt, lease: lease.id };
  const kind = work.variables['KIND'] as Kind;
  tell({ ...about, claimed: kind });
  try {
    const [clone, step] = work.steps;
    if (clone === undefined || step === undefined) throw new Error('a workflow without its steps');
    // As long as a real worker needs for volume and network: nothing has begun, and nothing was written.
    await setTimeout(SET_UP_MS);
    await phase(lease, clone, LINES.clone, () =>
      kind === 'prepare' ? effect(lease, 'deliver', null) : null,
    );
    await phase(lease, step, LINES.step, () =>
      kind === 'step' ? effect(lease, `deliver-${work.attempt}`, work.attempt) : null,
    );
    await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
    tell({ ...about, finished: true });
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    tell({ ...about, lost: error.stop.reason });
  }
  await lease.release();
}

/** One step: its lines, and half-way its effect while lines go on. */
async function phase(
  lease: Lease<WorkflowWork>,
  { attemptId }: StepWork,
  lines: number,
  act: () => Promise<unknown> | null,
): Promise<void> {
  // A step's beginning is durable before anything on the outside: from then on no other attempt is made.
  await lease.report({ type: 'step.started', attemptId });
  const log = lease.openLog(attemptId, [SECRET]);
  await write(lease, log, 0, lines / 2);
  const acting = act();
  await write(lease, log, lines / 2, lines);
  await acting;
  const logBytes = await log.end();
  await lease.report({
    type: 'step.finished',
    attemptId,
    status: 'success',
    reason: null,
    exitCode: 0,
    logBytes,
  });
}

async function write(lease: Lease<WorkflowWork>, log: LogSink, from: number, to: number): Promise<void> {
  const { build, attempt } = lease.work;
  for (let n = from; n < to; n++) {
    await log.write(n % 5 === 0 ? 'stderr' : 'stdout', Buffer.from(line(build.id, attempt, n, SECRET)));
    if (n % 4 === 3) await setTimeout(10);
  }
}

function effect(lease: Lease<WorkflowWork>, key: string, attempt: number | null): Promise<unknown> {
  const body: EffectBody = { build: lease.work.build.id, attempt };
  return lease.effect(key, { kind: 'webhook', url: recorder, body: JSON.stringify(body) });
}

function tell(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ at: Date.now(), ...event })}\n`);
}
