import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mayAbort, PHASES, type DeploymentPhase } from '../../src/core/deployment.ts';
import { isEnd } from '../../src/core/status.ts';
import type { DeploymentView } from '../../src/core/views/deployment-view.ts';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { listApps } from '../../worker/deploy/app-container.ts';
import { firstAddress } from '../../worker/deploy/app-network.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { withDirectoryLock } from '../../worker/router/directory-lock.ts';
import { startPublicLoad, unansweredByHttpd, type PublicLoad } from '../router/support/public-load.ts';
import { endOf, push } from '../support/builds.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { startGate, type Gate } from './support/gate.ts';
import { startWorld, type World } from './support/world.ts';

const HOST = 'killed.example.com';

let world: World;
let load: PublicLoad;
let gate: Gate;
let environmentId: string;
/** The first deployment of each version: what a rollback to it names. */
const firsts = new Map<string, string>();
let live = 'one';

beforeAll(async () => {
  gate = await startGate();
  world = await startWorld({ capacity: 1 });
  const repository = await world.addProject('killed/deployment', {});
  for (const version of ['two', 'one']) {
    const build = await endOf(world.system, await push(world.system, repository, filesOf(version)));
    expect(build.deployments[0]?.status, explain(build)).toBe('success');
    firsts.set(version, build.deployments[0]?.id ?? '');
  }
  const [environment] = (await world.system.api<Page<EnvironmentView>>('GET', '/environments')).items;
  environmentId = environment?.id ?? '';
  const port = Number(new URL(world.system.routerUrl).port);
  load = startPublicLoad({ port, host: HOST, clients: 2, websockets: 0, pauseMs: 20, paths: ['/'] });
});
afterAll(async () => {
  await load?.stop();
  await world?.stop();
  await gate?.close();
});

describe('a deployment, on the record of the server', () => {
  afterEach(async () => {
    expect(unansweredByHttpd(load.answers)).toEqual([]);
    expect((await world.system.ask(HOST)).text).toBe(`${live}\n`);
    expect(await slotsWithApps()).toEqual(await slotsByRecord());
    await world.expectNothingOfBuilds();
  });

  it.each(['pulling', 'starting', 'checking', 'smoking', 'switching', 'draining'] as const)(
    'is taken up again and finished when its worker is killed: %s',
    async (phase) => {
      const { system } = world;
      await interrupted(phase, async (id) => {
        await kill(system.worker);
        expect((await deploymentOf(id)).phase, 'the record still has it').toBe(phase);
        expect((await system.ask(HOST)).text, 'live serves').toMatch(/^(one|two)\n$/);
        if (!mayAbort(phase)) await expect(cancel(id), 'it only goes forward').rejects.toThrow(/: 409 /);
        await system.startWorker();
      });
    },
  );

  it.each(['starting', 'smoking'] as const)(
    'is undone when it is cancelled while its worker is dead: %s',
    async (phase) => {
      const { system } = world;
      await using held = await hold(phase);
      const id = await deployOther();
      await untilPhase(id, phase, held.whileIn);
      await kill(system.worker);
      await cancel(id);
      await held.release();
      await system.startWorker();
      const isOver = async () => isEnd((await deploymentOf(id)).status);
      await waitFor('the deployment ends', isOver, 90_000);
      expect(await deploymentOf(id)).toMatchObject({ status: 'cancelled' });
      const isGone = async () => (await slotsWithApps()).length === (await slotsByRecord()).length;
      await waitFor('its app is gone', isGone, 90_000);
    },
  );

  it.each([
    ['smoking', { status: 'pending', phase: 'waiting' }],
    ['draining', { status: 'running', phase: 'draining' }],
  ] as const)(
    'is given back by a worker that is told to end, and finished by the next: %s',
    async (phase, givenBack) => {
      const { system } = world;
      await interrupted(phase, async (id) => {
        await kill(system.worker, 'SIGTERM');
        expect(await deploymentOf(id), 'before another worker is there').toMatchObject(givenBack);
        expect((await system.ask(HOST)).text, 'live serves').toMatch(/^(one|two)\n$/);
        await system.startWorker();
      });
    },
  );

  it.each(['smoking', 'switching'] as const)(
    'goes on when the server is killed and comes back: %s',
    async (phase) => {
      const { system } = world;
      await interrupted(phase, async () => {
        await kill(system.server);
        await sleep(1_000);
        expect((await system.ask(HOST)).text, 'live serves').toMatch(/^(one|two)\n$/);
        await system.startServer();
      });
    },
  );
});

/** Deploys the other version, has `fault` happen while `phase` is what the record says, and waits for its end. */
async function interrupted(
  phase: DeploymentPhase,
  fault: (deploymentId: string) => Promise<void>,
): Promise<void> {
  const { system } = world;
  const next = otherOf(live);
  const served = load.answers.length;
  await using held = await hold(phase);
  const id = await deployOther();
  await untilPhase(id, phase, held.whileIn);
  await fault(id);
  await held.release();
  const phases = new Set<DeploymentPhase>();
  const ended = async () => {
    const seen = await deploymentOf(id);
    phases.add(seen.phase);
    return isEnd(seen.status) ? seen : null;
  };
  const end = await waitFor('the deployment ends', ended, 90_000).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await system.logs()}`);
  });
  expect(end).toMatchObject({ status: 'success', reason: null });
  if (!mayAbort(phase))
    expect([...phases].filter(mayAbort), 'from the switch on it goes forward').toEqual([]);
  if (phase === 'draining')
    expect(await held.inHand(), 'what the old slot had in hand').toEqual({ status: 200, text: `${live}\n` });
  live = next;
  expect(load.answers.length).toBeGreaterThan(served + 20);
}

const otherOf = (version: string): string => (version === 'one' ? 'two' : 'one');

/** Begins to deploy the version that is not live; returns the deployment's id. */
async function deployOther(): Promise<string> {
  const deployment = { deployment: firsts.get(otherOf(live)) };
  const target = `/environments/${environmentId}/rollback`;
  return (await world.system.api<{ id: string }>('POST', target, deployment)).id;
}

function cancel(id: string): Promise<unknown> {
  return world.system.api('POST', `/deployments/${id}/cancel`);
}

interface Held extends AsyncDisposable {
  /** Called while the record has an earlier phase. */
  readonly whileIn: (phase: DeploymentPhase) => Promise<void>;
  /** The answer to the request that keeps the old slot draining; null where that is not the phase. */
  readonly inHand: () => Promise<unknown>;
  readonly release: () => Promise<void>;
}

/**
 * Keeps a deployment in a phase until it is released: a registry that stands still keeps it `pulling`, another who has the
 * router's directory `starting` or `switching`, an app that does not listen yet `checking`, a smoke test that is not over
 * `smoking`, and a request that the old slot has in hand `draining`.
 */
async function hold(phase: DeploymentPhase): Promise<Held> {
  const { system } = world;
  let locked: Promise<void> | null = null;
  let slow: Promise<unknown> | null = null;
  const over = new AbortController();
  const takeLock = () => {
    locked ??= withDirectoryLock(path.join(system.dir, 'router'), () => aborted(over.signal));
  };
  const release = async () => {
    if (phase === 'pulling') process.kill(system.registry.pid, 'SIGCONT');
    for (const name of ['app', 'smoke', 'slow']) gate.open(name);
    over.abort();
    await locked;
  };
  if (phase === 'pulling') {
    await forgetImages();
    process.kill(system.registry.pid, 'SIGSTOP');
  }
  if (phase === 'starting') takeLock();
  if (phase === 'checking') gate.shut('app');
  // What holds the later ones is there before the smoke test is over.
  if (!BEFORE_SMOKE.has(phase)) gate.shut('smoke');
  if (phase === 'draining') gate.shut('slow');
  const beforeItEnds = async () => {
    if (phase === 'switching') takeLock();
    if (phase === 'draining') {
      slow ??= system.ask(HOST, '/cgi-bin/slow');
      await waitFor('the old slot has a request in hand', () => gate.waiting('slow') === 1);
    }
    if (phase !== 'smoking') gate.open('smoke');
  };
  return {
    whileIn: async (seen) => {
      if (seen === 'smoking') await beforeItEnds();
    },
    inHand: async () => slow,
    release,
    [Symbol.asyncDispose]: release,
  };
}

const BEFORE_SMOKE: ReadonlySet<DeploymentPhase> = new Set(['pulling', 'starting', 'checking']);

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

/** Waits until the record has `phase`. @throws Error where it had a later one first. */
async function untilPhase(
  id: string,
  phase: DeploymentPhase,
  onEarlier: (seen: DeploymentPhase) => Promise<void>,
) {
  for (const deadline = Date.now() + 20_000; ; await sleep(2)) {
    const seen = await deploymentOf(id);
    if (seen.phase === phase && !isEnd(seen.status)) return;
    const isPast = isEnd(seen.status) || PHASES.indexOf(seen.phase) > PHASES.indexOf(phase);
    if (isPast || Date.now() > deadline)
      throw new Error(`${phase} was not seen: ${JSON.stringify(seen)}\n${await world.system.logs()}`);
    await onEarlier(seen.phase);
  }
}

async function environmentNow(): Promise<EnvironmentView> {
  return world.system.api<EnvironmentView>('GET', `/environments/${environmentId}`);
}

async function deploymentOf(id: string): Promise<DeploymentView> {
  const found = (await environmentNow()).history.find((deployment) => deployment.id === id);
  if (found === undefined) throw new Error(`no deployment ${id}`);
  return found;
}

async function slotsByRecord(): Promise<readonly number[]> {
  const { slots } = await environmentNow();
  return slots.filter(({ role }) => role !== 'empty').map(({ index }) => index);
}

async function slotsWithApps(): Promise<readonly number[]> {
  const engine = connectEngine(testParts().dockerHost);
  const apps = await listApps(engine, path.join(world.system.dir, 'router'));
  engine.close();
  return apps.map(({ slot }) => slot).sort();
}

/** Takes the local names of what was deployed away, so that it is pulled. */
async function forgetImages(): Promise<void> {
  const engine = connectEngine(testParts().dockerHost);
  const images = await engine.docker.listImages();
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  for (const name of names.filter((one) => one.startsWith(`${world.system.registry.host}/`)))
    await engine.docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  engine.close();
}

async function kill(child: ChildProcess | null, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const gone = child === null ? null : once(child, 'exit');
  child?.kill(signal);
  await gone;
}

/** What is held asks the gate: the app before it listens, the smoke test, and `/cgi-bin/slow`. The app ends at once when it is asked to. */
function filesOf(version: string): Record<string, string> {
  const ask = `wget -qO /dev/null http://${firstAddress(testParts().appNetwork)}:${gate.port}`;
  return {
    Dockerfile: `FROM slipway-test/busybox:1
COPY --chmod=755 slow /www/cgi-bin/slow
RUN echo ${version} > /www/index.html
CMD ["sh", "-c", "${ask}/app; exec httpd -f -p 80 -h /www"]
`,
    slow: `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
${ask}/slow
cat /www/index.html
`,
    'slipway.yml': `image: {}
deploy:
  environment: production
  port: 80
  host: ${HOST}
  smoke: { commands: ["${ask}/smoke"] }
  standby: 0s
`,
  };
}
