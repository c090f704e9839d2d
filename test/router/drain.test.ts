import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeployPlan } from '../../src/core/plan.ts';
import { listApps } from '../../worker/deploy/app-container.ts';
import { runDeployment } from '../../worker/deploy/run-deployment.ts';
import { testNetwork } from '../support/parts.ts';
import { HOST, startDeployWorld, type DeployWorld } from './support/deploy-world.ts';
import { FakeRecord, type FakeDeployment } from './support/fake-record.ts';
import { memoryLease } from './support/memory-lease.ts';
import { openWebsocket } from './support/open-websocket.ts';

/** The app ends at once when it is asked to: whoever stops it before it has answered cuts its requests. */
let world: DeployWorld;
let record: FakeRecord;
/** When the last deployment had its drain recorded; the deadlines begin right after it. */
let drainingMs = 0;

beforeAll(async () => {
  world = await startDeployWorld(testNetwork(82));
});
afterAll(() => world?.remove());

describe('a live slot that is replaced and keeps no standby', () => {
  beforeEach(async () => {
    record = new FakeRecord(world.network.range);
    await deploy('old', {}, () => Promise.resolve());
  });
  afterEach(async () => {
    for (const app of await apps()) await world.engine.removeContainer(app.id);
    await world.under.router.drop(record.id);
  });

  it('is stopped after it has answered what was in flight, and not before', async () => {
    const happened: string[] = [];
    const tell = (what: string) => () => void happened.push(what);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const done: Promise<unknown>[] = [(await oldContainer()).ended.then(tell('stopped'))];
    const answers: Answer[] = [];
    const drain = { requestsMs: 10_000, connectionsMs: 10_000 };
    const deployment = await deploy('new', { drain }, async () => {
      const websocket = await openWebsocket(world.under.port, HOST);
      for (const connection of [agent, false] as const)
        done.push(
          ask('/slow?800', connection).then((answer) => {
            happened.push('answered');
            answers.push(answer);
          }),
        );
      await inFlight({ requests: 2, connections: 1 });
      done.push(
        sleep(1_200)
          .then(() => websocket.echoes())
          .then((echoes) => tell(echoes ? 'echoed' : 'cut')())
          .then(() => websocket.close()),
      );
    });
    await Promise.all(done);
    expect(happened).toEqual(['answered', 'answered', 'echoed', 'stopped']);
    expect(answers).toMatchObject([
      { status: 200, app: 'old' },
      { status: 200, app: 'old' },
    ]);
    // The connection of the client outlives the slot that its last request went to.
    expect(await ask('/', agent)).toMatchObject({ status: 200, app: 'new', reused: true });
    agent.destroy();
    expect(cutsOf(deployment)).toEqual([]);
    expect(await apps()).toHaveLength(1);
  });

  it('has its request cut at the deadline of requests, and its websocket not', async () => {
    let request: Promise<Answer> | undefined;
    let echoed: Promise<boolean> | undefined;
    const drain = { requestsMs: 300, connectionsMs: 10_000 };
    const deployment = await deploy('new', { drain }, async () => {
      const websocket = await openWebsocket(world.under.port, HOST);
      request = ask('/slow?60000');
      await inFlight({ requests: 1, connections: 1 });
      echoed = request.then(() => websocket.echoes()).finally(() => websocket.close());
    });
    const answer = await request;
    expect(answer).toMatchObject({ status: 502, app: null });
    expect((answer?.endedMs ?? 0) - drainingMs).toBeGreaterThanOrEqual(300);
    expect(await echoed).toBe(true);
    expect(cutsOf(deployment)).toEqual(['Slot 0 was cut off: 1 requests, 0 long connections.']);
  });

  it('has its websocket cut at the deadline of connections, and its request not', async () => {
    let request: Promise<Answer> | undefined;
    let cut: Promise<number> | undefined;
    const drain = { requestsMs: 10_000, connectionsMs: 300 };
    const deployment = await deploy('new', { drain }, async () => {
      const websocket = await openWebsocket(world.under.port, HOST);
      request = ask('/slow?1500');
      await inFlight({ requests: 1, connections: 1 });
      cut = websocket.closed.then(() => performance.now());
    });
    const answer = await request;
    const cutMs = await cut;
    expect(answer).toMatchObject({ status: 200, app: 'old' });
    expect((cutMs ?? 0) - drainingMs).toBeGreaterThanOrEqual(300);
    expect(cutMs, 'the slot was not stopped, but its websocket cut').toBeLessThan(answer?.endedMs ?? 0);
    expect(cutsOf(deployment)).toEqual(['Slot 0 was cut off: 0 requests, 1 long connections.']);
  });
});

interface Answer {
  /** Null: no answer. */
  readonly status: number | null;
  readonly app: string | null;
  /** Whether it came over a connection that an earlier request had used. */
  readonly reused: boolean;
  readonly endedMs: number;
}

function ask(path: string, agent: http.Agent | false = false): Promise<Answer> {
  return new Promise((resolve) => {
    const { port } = world.under;
    const request = http.get({ host: '127.0.0.1', port, path, agent, headers: { host: HOST } });
    const end = (status: number | null, app: string | null) =>
      resolve({ status, app, reused: request.reusedSocket, endedMs: performance.now() });
    request.on('response', (response) => {
      response.resume();
      const app = response.headers['x-app'];
      response.on('close', () =>
        end(response.complete ? (response.statusCode ?? null) : null, typeof app === 'string' ? app : null),
      );
    });
    request.on('error', () => end(null, null));
  });
}

/** Waits until HAProxy has these in hand for the old slot. */
async function inFlight(wanted: { requests: number; connections: number }): Promise<void> {
  for (;;) {
    const now = await world.under.router.inFlight(record.backend, 0);
    if (now.requests === wanted.requests && now.connections === wanted.connections) return;
    await sleep(5);
  }
}

/** The container that is live now. `ended`: its process is no more. */
async function oldContainer(): Promise<{ ended: Promise<unknown> }> {
  const [app] = await apps();
  return { ended: world.engine.docker.getContainer(app?.id ?? '').wait() };
}

/** What the log tells of cuts, without the time. */
function cutsOf({ log }: FakeDeployment): readonly string[] {
  return log.filter((line) => line.includes('cut off')).map((line) => line.replace(/ after \d+ ms/, ''));
}

const apps = () => listApps(world.engine, world.under.dir, record.id);

/** Deploys without a standby; `beforeSwitch` runs when all is prepared, and the switch waits for it. */
async function deploy(
  name: string,
  settings: Partial<DeployPlan>,
  beforeSwitch: () => Promise<void>,
): Promise<FakeDeployment> {
  const deployment = record.begin(world.release(name, { standbyMs: 0, ...settings }));
  const lease = memoryLease({
    work: deployment.claim(),
    signals: () => deployment.signals,
    report: async (body) => {
      deployment.take(body);
      if (body.type !== 'deployment.phase') return;
      if (body.phase === 'switching') await beforeSwitch();
      if (body.phase === 'draining') drainingMs = performance.now();
    },
    say: (line) => deployment.log.push(line),
  });
  expect(await runDeployment(lease, world.tools)).toMatchObject({ status: 'success', reason: null });
  return deployment;
}
