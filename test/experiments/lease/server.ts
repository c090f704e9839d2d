import './short-times.ts';
import path from 'node:path';
import express from 'express';
import { pino } from 'pino';
import { authenticate } from '../../../src/api/middleware/authenticate.ts';
import { answerProblem } from '../../../src/api/middleware/answer-problem.ts';
import { createRefusalAllowance } from '../../../src/api/refusal-allowance.ts';
import { mountRoutes } from '../../../src/api/route.ts';
import { workerRoutes } from '../../../src/api/worker/worker-routes.ts';
import { createBuilds, effectSettled } from '../../../src/builds/index.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { createDispatcher } from '../../../src/dispatch/create-dispatcher.ts';
import { openFileLogStore } from '../../../src/logs/file-log-store.ts';
import { createOutbox } from '../../../src/outbox/outbox.ts';
import { postWebhook } from '../../../src/outbox/post-webhook.ts';
import { sealLogHandler } from '../../../src/outbox/seal-log.ts';
import { systemClock as clock } from '../../../src/ports/clock.ts';
import { createBullmqQueue } from '../../../src/queue/bullmq-queue.ts';
import { createAccessTokens } from '../../../src/secrets/database-tokens.ts';
import { hashToken } from '../../../src/secrets/token.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { withoutFence } from './without-fence.ts';
import type { Kind } from './work.ts';

/**
 * A server of the experiment: the real record, state machine, dispatcher, queue, outbox, logs and worker routes.
 * Intake, pages and deployments are left out; builds come by `POST /builds {kind}`.
 */
const [folder = '', port = '', redisUrl = '', tokens = '', fence = ''] = process.argv.slice(2);
const log = pino({ level: 'warn' }, pino.destination(2));
const onError = (error: unknown) => log.warn({ err: error });
const opened = await openStore(path.join(folder, 'slipway.db'), {
  clock,
  onError,
  onLockLost: () => process.exit(3),
});
const store = fence === 'off' ? withoutFence(opened) : opened;
const logs = openFileLogStore(path.join(folder, 'logs'));
const builds = createBuilds({
  store,
  clock,
  logs,
  secrets: { forLease: () => Promise.resolve({ values: {}, registries: {} }) },
  variables: ({ event }) => ({ KIND: event.message }),
  registry: null,
  router: { name: 'none', backends: 1, appRange: '10.213.0.0/24' },
  effectWaitMs: 500,
  onError,
});
const queue = createBullmqQueue({
  url: redisUrl,
  onError: () => undefined,
  onReady: () => dispatcher.wake(),
});
const dispatcher = createDispatcher({ store, builds, queue, clock, onError: () => undefined });
const outbox = createOutbox({
  store,
  clock,
  handlers: { webhook: postWebhook, 'seal-log': sealLogHandler(logs, clock) },
  settled: effectSettled,
  onError,
});
for (const [n, token] of tokens.split(',').entries())
  if ((await builds.findWorker(hashToken(token))) === null)
    await builds.setWorkerToken(`w${n}`, hashToken(token), { routers: [], labels: {} });
builds.start();
dispatcher.start();
outbox.start();

const app = express();
app.get('/healthz', (_, response) => void response.json({}));
app.post('/builds', express.json(), async (request, response) => {
  response.json(await newBuild((request.body as { kind: Kind }).kind));
});
app.get('/logs/:log', async (request, response) => {
  const logId = request.params.log;
  const { sealed } = await logs.state(logId);
  const pieces: Uint8Array[] = [];
  for await (const piece of logs.stream(logId)) pieces.push(piece);
  response.json({ sealed, text: Buffer.concat(pieces).toString() });
});
const settings = { publicUrl: 'http://experiment.example' };
app.use('/worker', authenticate({ builds, tokens: createAccessTokens({ store, clock }), settings }));
mountRoutes(
  app,
  workerRoutes({
    queueAccess: { admit: async () => null },
    builds,
    logs,
    log,
    artifacts: {
      offer: () => Promise.reject(new Error('none')),
      take: () => Promise.reject(new Error('none')),
    },
    artifactFiles: { open: async () => null },
    intake: { bundle: () => Promise.reject(new Error('none')) },
    mayCall: true,
  }),
  { store, clock, log, refusals: createRefusalAllowance(clock) },
);
app.use(answerProblem(log));
process.stdin.on('end', () => process.exit(4)).resume();
app.listen(Number(port), '127.0.0.1', () => process.stdout.write('{"ready":"server"}\n'));

async function newBuild(kind: Kind): Promise<{ buildId: string }> {
  const projectId = 'prj_experiment';
  await store.transaction(async (tx) => {
    await tx.db
      .insertInto('project')
      .values({
        id: projectId,
        path: 'experiment',
        clone_url: 'http://127.0.0.1/none.git',
        host_repository: 'experiment/none',
        default_branch: 'main',
        clone_token: null,
        created_at: clock.nowMs(),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  });
  const { buildId } = await builds.createBuild({
    projectId,
    deliveryId: null,
    event: {
      kind: 'manual',
      branch: 'main',
      inputs: {},
      commit: '0'.repeat(40),
      message: kind,
      author: { name: 'experiment', email: '' },
      committedAtMs: null,
      actor: { id: '1', login: 'experiment', avatarUrl: null },
      url: null,
      repository: null,
    },
    outcome: {
      kind: 'plan',
      plan: {
        workflows: [{ name: 'default', dependsOn: [], runsOn: ['success'], matrix: null, plan: PLAN }],
      },
      warnings: [],
    },
    blocked: null,
  });
  return { buildId };
}

const PLAN: Plan = {
  image: null,
  services: [],
  steps: [
    {
      name: 'step',
      image: 'none',
      commands: [],
      environment: {},
      dependsOn: [],
      timeoutMs: 60_000,
      failure: 'fail',
      runsOn: ['success'],
      selected: true,
    },
  ],
  push: null,
  deploys: [],
};
