import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Release } from '../../src/core/deployment.ts';
import type { BuiltRelease } from '../../src/core/work.ts';
import { askCandidate } from '../../worker/deploy/ask-candidate.ts';
import { lastLines, listApps } from '../../worker/deploy/app-container.ts';
import { runDeployment } from '../../worker/deploy/run-deployment.ts';
import { sideName } from '../../worker/router/render-router.ts';
import { LeaseLost } from '../../worker/server/lease.ts';
import { testNetwork } from '../support/parts.ts';
import { HOST, startDeployWorld, type DeployWorld } from './support/deploy-world.ts';
import { FakeRecord, type FakeDeployment } from './support/fake-record.ts';
import { memoryLease } from './support/memory-lease.ts';
import { startPublicLoad } from './support/public-load.ts';

let world: DeployWorld;
let record: FakeRecord;

beforeAll(async () => {
  world = await startDeployWorld(testNetwork(77));
});
afterAll(async () => {
  await world?.remove();
});
const begin = (): void => {
  record = new FakeRecord(world.network.range);
};
const clear = async (): Promise<void> => {
  for (const app of await apps()) await world.engine.removeContainer(app.id);
  await world.under.router.drop(record.id);
};

describe('a deployment', () => {
  beforeEach(begin);
  afterEach(clear);

  it('pulls by digest, checks through the side entrance, and only then serves the public host', async () => {
    await world.forgetImage();
    const deployment = await deploy(
      world.release('v1', { smoke: smoke('test "$(wget -qO- $SLIPWAY_CANDIDATE_URL/)" = v1') }),
    );
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(deployment.phases).toEqual([
      'pulling',
      'starting',
      'checking',
      'smoking',
      'prepared',
      'switching',
      'draining',
      'done',
    ]);
    expect(deployment.log.join('\n')).toMatch(/Pulling 127\.0\.0\.1:\d+\/shop\/web@sha256:/);
    expect(await ask('/')).toEqual({ status: 200, app: 'v1', body: 'v1' });
    expect(await world.under.router.differences()).toEqual([]);
    const [app] = await apps();
    const facts = await world.engine.docker.getContainer(app?.id ?? '').inspect();
    expect(facts.HostConfig.RestartPolicy?.Name).toBe('unless-stopped');
    expect(facts.Config.Labels).toMatchObject({ 'slipway.environment': record.id, 'slipway.slot': '0' });
  });

  it('fetches the image again when it is removed before its container stands', async () => {
    const { docker } = world.engine;
    const create = docker.createContainer.bind(docker) as (options: object) => Promise<Dockerode.Container>;
    const spy = vi.spyOn(docker, 'createContainer');
    spy.mockImplementationOnce(async (options: object) => {
      await world.forgetImage();
      return create(options);
    });
    const deployment = await deploy(world.release('v1')).finally(() => spy.mockRestore());
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(deployment.log).toContain('The image was removed meanwhile.');
    expect((await ask('/')).app).toBe('v1');
  });

  it('fetches the image again for the smoke test when it is removed beside the candidate', async () => {
    const { docker } = world.engine;
    const create = docker.createContainer.bind(docker) as (options: object) => Promise<Dockerode.Container>;
    const spy = vi.spyOn(docker, 'createContainer');
    spy.mockImplementationOnce(create).mockImplementationOnce(async (options: object) => {
      await world.forgetImage();
      return create(options);
    });
    const release = world.release('v1', { smoke: smoke('wget -qO- $SLIPWAY_CANDIDATE_URL/') });
    const deployment = await deploy(release).finally(() => spy.mockRestore());
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(deployment.log).toContain('The image was removed meanwhile.');
  });

  it('gives the candidate its public host name before it is public', async () => {
    const release = world.release('v1', {
      smoke: smoke(`test "$(wget -qO- $SLIPWAY_CANDIDATE_URL/host)" = ${HOST}`),
    });
    expect((await deploy(release)).end).toMatchObject({ status: 'success' });
  });

  it('keeps the old release as hot standby and removes the one before', async () => {
    for (const name of ['v1', 'v2', 'v3']) await deploy(world.release(name));
    expect((await ask('/')).app).toBe('v3');
    expect(record.slots.map(({ role }) => role).sort()).toEqual(['empty', 'live', 'standby']);
    expect(await apps()).toHaveLength(2);
  });

  it('keeps no standby where the file wants none: at its end record, router and engine agree', async () => {
    await deploy(world.release('v1'));
    const deployment = await deploy(world.release('v2', { standbyMs: 0 }));
    expect(deployment.end).toMatchObject({ status: 'success' });
    expect((await ask('/')).app).toBe('v2');
    expect(record.slots.map(({ role }) => role)).toEqual(['empty', 'live', 'empty']);
    const [served] = (await world.under.router.state()).environments;
    expect(served?.slots).toEqual(record.slots);
    expect(served?.hosts).toEqual([HOST]);
    expect((await apps()).map(({ slot }) => slot)).toEqual([1]);
    expect(await world.under.router.differences()).toEqual([]);
  });

  it('puts secrets into the app and refuses to start without one', async () => {
    const release = world.release('v1', { env: { TOKEN: { fromSecret: 'api_token' } } });
    const refused = await deploy(release);
    expect(refused.end).toMatchObject({
      status: 'failure',
      reason: 'the project has no secret named api_token',
    });
    expect(await apps()).toEqual([]);
    expect((await deploy(release, { secrets: { api_token: 'hush-hush' } })).end).toMatchObject({
      status: 'success',
    });
    const answer = await fetchHeaders('/');
    expect(answer['x-token']).toBe('hush-hush');
  });

  it('starts the container while it waits for the verdict, and the app after it', async () => {
    const { deployment, end } = waiting(world.release('v1'));
    await prepared(deployment);
    expect(deployment.phases).toEqual(['pulling']);
    expect(deployment.log.join('\n')).toContain('Held start: ');
    const [app] = await apps();
    expect(app).toMatchObject({ running: true, held: true });
    expect(await lastLines(world.engine, app?.id ?? '', 10)).toEqual([]);
    const { StartedAt } = (await world.engine.docker.getContainer(app?.id ?? '').inspect()).State;
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    await end;
    expect((await ask('/')).app).toBe('v1');
    const facts = await world.engine.docker.getContainer(app?.id ?? '').inspect();
    expect(facts.State.StartedAt).toBe(StartedAt);
    expect(await lastLines(world.engine, app?.id ?? '', 10)).toEqual(['listening as v1']);
  });

  describe('of an image that is built and not pushed yet', () => {
    it('holds the container meanwhile, and takes it when the release is of that image', async () => {
      await world.forgetImage();
      const release = world.release('v1');
      const { deployment, end } = ahead(release, { ...release });
      await until(async () => (await apps())[0]?.running === true);
      const [app] = await apps();
      expect(app).toMatchObject({ held: true, imageId: release.imageId });
      expect(deployment.phases).toEqual(['pulling']);
      deployment.signals = { ...deployment.signals, release };
      await prepared(deployment);
      // It has its name by digest as well: the build takes the others along.
      await world.engine.docker.getImage(release.imageReference).inspect();
      deployment.signals = { ...deployment.signals, verdict: 'switch' };
      await end;
      expect(deployment.end).toMatchObject({ status: 'success', reason: null });
      expect((await apps()).map(({ id }) => id)).toEqual([app?.id]);
      expect((await ask('/')).app).toBe('v1');
    });

    it('makes another one when the release is of another image', async () => {
      const release = world.release('v1');
      const other = await world.pushVariant(['LABEL other=1']);
      const { deployment, end } = ahead(release, { ...release, imageId: other.imageId });
      await until(async () => (await apps())[0]?.running === true);
      const [first] = await apps();
      deployment.signals = { ...deployment.signals, release, verdict: 'switch' };
      await end;
      expect(deployment.end).toMatchObject({ status: 'success', reason: null });
      const [app] = await apps();
      expect(app).toMatchObject({ imageId: release.imageId });
      expect(await world.engine.inspectContainer(first?.id ?? '')).toBeNull();
      expect((await ask('/')).app).toBe('v1');
    });

    it('waits for the push where this engine does not have it', async () => {
      const release = world.release('v1');
      const { deployment, end } = ahead(release, { ...release, imageId: `sha256:${'0'.repeat(64)}` });
      await until(() => deployment.log.some((line) => line.includes('Waiting for the image')));
      expect(await apps()).toEqual([]);
      deployment.signals = { ...deployment.signals, release, verdict: 'switch' };
      await end;
      expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    });

    it('removes the container when the push never ends well', async () => {
      const release = world.release('bad', { env: { CRASH: '1' } });
      const { deployment, end } = ahead(release, { ...release });
      await until(async () => (await apps())[0]?.running === true);
      deployment.signals = { ...deployment.signals, verdict: 'abort' };
      await end;
      expect(deployment.end).toMatchObject({ status: 'skipped', reason: 'the build did not succeed' });
      expect(deployment.log.join('\n')).not.toContain('boom');
      expect(await apps()).toEqual([]);
    });
  });

  it('lets nothing of a red build run', async () => {
    const { deployment, end } = waiting(world.release('bad', { env: { CRASH: '1' } }));
    await prepared(deployment);
    const [app] = await apps();
    deployment.signals = { ...deployment.signals, verdict: 'abort' };
    await end;
    expect(deployment.end).toMatchObject({ status: 'skipped' });
    expect(deployment.phases).toEqual(['pulling']);
    expect(deployment.log.join('\n')).not.toContain('boom');
    expect(await world.engine.inspectContainer(app?.id ?? '')).toBeNull();
  });

  it('starts the app again that the engine ended while it was held', async () => {
    const { deployment, end } = waiting(world.release('v1'));
    await prepared(deployment);
    const [app] = await apps();
    await world.engine.killContainer(app?.id ?? '');
    await world.engine.docker.getContainer(app?.id ?? '').wait();
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    await end;
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect((await ask('/')).app).toBe('v1');
  });

  it('brings an app back that ends after the switch, without a deployer', async () => {
    const { deployment, end } = waiting(world.release('v1'));
    await prepared(deployment);
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    await end;
    const [app] = await apps();
    await world.engine.run(app?.id ?? '', { command: ['sh', '-c', 'kill -9 -1'] });
    // A request in flight at that moment is cut.
    await until(async () => (await ask('/').catch(() => null))?.app === 'v1');
    expect(await lastLines(world.engine, app?.id ?? '', 10)).toEqual(['listening as v1', 'listening as v1']);
  });

  it('starts after the verdict what has a HEALTHCHECK', async () => {
    const variant = await world.pushVariant(['HEALTHCHECK --interval=1s CMD echo checked']);
    const { deployment, end } = waiting({ ...world.release('v1'), ...variant });
    await prepared(deployment);
    expect(deployment.log.join('\n')).toContain('Plain start: the image has a HEALTHCHECK');
    expect(await apps()).toMatchObject([{ running: false, held: false }]);
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    await end;
    expect((await ask('/')).app).toBe('v1');
  });

  it('pulls nothing before the verdict with prepare: after-tests', async () => {
    const deployment = record.begin(world.release('v1', { prepare: 'after-tests' }));
    deployment.signals = { ...deployment.signals, verdict: 'wait' };
    const end = run(deployment);
    await sleep(200);
    expect(deployment.phases).toEqual([]);
    expect(await apps()).toEqual([]);
    deployment.signals = { ...deployment.signals, verdict: 'abort' };
    await end;
    expect(deployment.end).toMatchObject({ status: 'skipped' });
  });
});

describe('a release that is not fit', () => {
  beforeAll(async () => {
    begin();
    await deploy(world.release('v1'));
    await deploy(world.release('v2'));
  });
  afterAll(clear);

  it.each([
    [
      'never becomes healthy',
      { env: { HEALTH: '500' } },
      /GET \/healthz did not pass 2 times in a row within 1 s; last: status 50/,
    ],
    ['ends at its start', { env: { CRASH: '1' } }, /the app ended with exit code 3 before it was healthy/],
    [
      'fails its smoke test',
      { smoke: smoke('echo looking; exit 7') },
      /the smoke test ended with exit code 7/,
    ],
    ['hangs in its smoke test', { smoke: { ...smoke('sleep 60'), timeoutMs: 800 } }, /longer than 0\.8 s/],
  ])('that %s leaves live and standby as they were', async (_what, settings, reason) => {
    const before = record.slots;
    const containers = (await apps()).map(({ id }) => id).sort();
    const health = { path: '/healthz', passes: 2, timeoutMs: 1_000 };
    const deployment = await deploy(world.release('bad', { health, ...settings }));
    expect(deployment.end).toMatchObject({ status: 'failure' });
    expect(deployment.end?.reason).toMatch(reason);
    expect(deployment.phases).not.toContain('switching');
    expect((await ask('/')).app).toBe('v2');
    expect(record.slots).toEqual(before);
    expect((await apps()).map(({ id }) => id).sort()).toEqual(containers);
    expect(await world.under.router.differences()).toEqual([]);
    expect(
      (await askCandidate(world.under.router.sideSocket, sideName(record.backend), '/', 1_000)).status,
    ).toBe(404);
  });

  it.each(['wait', 'switch'] as const)('that names no program says so, with verdict: %s', async (verdict) => {
    const variant = await world.pushVariant([]);
    const deployment = record.begin({ ...world.release('bad', { command: [] }), ...variant });
    deployment.signals = { ...deployment.signals, verdict };
    await run(deployment);
    expect(deployment.end).toMatchObject({ status: 'failure' });
    expect(deployment.end?.reason).toMatch(/^the image names no program: give it an ENTRYPOINT or CMD/);
    expect((await ask('/')).app).toBe('v2');
  });

  it('whose program is not in its image says so', async () => {
    const { deployment, end } = waiting(world.release('bad', { command: ['nowhere', '--serve'] }));
    await prepared(deployment);
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    await end;
    expect(deployment.end).toMatchObject({
      status: 'failure',
      reason: 'the app ended with exit code 127 before it was healthy',
    });
    expect(deployment.log).toContain('slipway: nowhere: not found');
    expect((await ask('/')).app).toBe('v2');
  });

  it("shows the app's last lines", async () => {
    const deployment = await deploy(world.release('bad', { env: { CRASH: '1' } }));
    const log = deployment.log.join('\n');
    expect(log).toContain('The last 2 lines of the app:');
    expect(log).toContain('boom: no database');
  });

  it('that is not the tested image is not switched to', async () => {
    const release = { ...world.release('bad'), imageId: `sha256:${'0'.repeat(64)}` };
    const deployment = await deploy(release);
    expect(deployment.end).toMatchObject({ status: 'error' });
    expect(deployment.end?.reason).toMatch(
      /^The image of .* in the engine has digest sha256:[0-9a-f]{64}, not sha256:0/,
    );
    expect((await ask('/')).app).toBe('v2');
  });

  it('that is cancelled while it is checked is removed', async () => {
    const deployment = record.begin(world.release('v3', { env: { HEALTH: '500' } }));
    const lease = leaseOf(deployment);
    const end = runDeployment(lease, world.tools);
    await until(() => deployment.phase === 'checking');
    lease.cancel('superseded by #7');
    expect(await end).toMatchObject({ status: 'cancelled', reason: 'superseded by #7' });
    expect(await apps()).toHaveLength(2);
    expect((await ask('/')).app).toBe('v2');
  });

  it('of a deployer that lost its lease stays for the next one, and nothing is reported', async () => {
    const deployment = record.begin(world.release('v3', { env: { HEALTH: '500' } }));
    const lease = leaseOf(deployment);
    const end = runDeployment(lease, world.tools);
    await until(() => deployment.phase === 'checking');
    lease.lose('it ran out');
    await expect(end).rejects.toBeInstanceOf(LeaseLost);
    expect(deployment.end).toBeNull();
    expect(await apps()).toHaveLength(3);
  });
});

describe('a rollback', () => {
  beforeEach(begin);
  afterEach(clear);

  it('to the hot standby is a switch only', async () => {
    const [v1, v2] = [world.release('v1'), world.release('v2')];
    await deploy(v1);
    await deploy(v2);
    const containers = (await apps()).map(({ id }) => id).sort();
    const back = await deploy(v1, { cause: 'rollback' });
    expect(back.end).toMatchObject({ status: 'success' });
    expect(back.phases).toEqual(['switching', 'draining', 'done']);
    expect((await ask('/')).app).toBe('v1');
    expect((await apps()).map(({ id }) => id).sort()).toEqual(containers);
    expect((await deploy(v2, { cause: 'rollback' })).phases).toEqual(['switching', 'draining', 'done']);
    expect((await ask('/')).app).toBe('v2');
    expect(await starters()).toEqual(recordedStarters());
  });

  it('to a standby that died starts its release again', async () => {
    const v1 = world.release('v1');
    await deploy(v1);
    await deploy(world.release('v2'));
    const standby = record.slots.find(({ role }) => role === 'standby');
    const app = (await apps()).find(({ slot }) => slot === standby?.index);
    await world.engine.removeContainer(app?.id ?? '');
    const back = await deploy(v1, { cause: 'rollback' });
    expect(back.end).toMatchObject({ status: 'success' });
    expect(back.phases).toContain('starting');
    expect((await ask('/')).app).toBe('v1');
    expect(await starters()).toEqual(recordedStarters());
    const [served] = (await world.under.router.state()).environments;
    expect(served?.slots.map(({ startedBy }) => startedBy)).toEqual(
      record.slots.map(({ startedBy }) => startedBy),
    );
  });
});

describe('under load', () => {
  beforeEach(begin);
  afterEach(clear);

  it('loses no request while containers are really replaced', async () => {
    await deploy(world.release('v0'));
    const load = startPublicLoad({
      port: world.under.port,
      host: HOST,
      clients: 10,
      websockets: 0,
      pauseMs: 1,
      paths: ['/', '/', '/slow'],
    });
    for (const name of ['v1', 'v2', 'v3', 'v4'])
      expect((await deploy(world.release(name))).end).toMatchObject({ status: 'success' });
    await load.stop();
    const served = new Set(load.answers.map(({ app }) => app));
    expect([...served].sort()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(load.answers.length).toBeGreaterThan(300);
  });
});

interface DeployOptions {
  readonly cause?: 'build' | 'rollback';
  readonly secrets?: Readonly<Record<string, string>>;
}

async function deploy(release: Release, options: DeployOptions = {}): Promise<FakeDeployment> {
  const deployment = record.begin(release, options.cause);
  await run(deployment, options.secrets);
  return deployment;
}

function run(deployment: FakeDeployment, secrets?: Readonly<Record<string, string>>) {
  return runDeployment(leaseOf(deployment, secrets), world.tools);
}

/** A deployment whose build is still at work. */
function waiting(release: Release) {
  const deployment = record.begin(release);
  deployment.signals = { ...deployment.signals, verdict: 'wait' };
  return { deployment, end: run(deployment) };
}

/** A deployment whose image is being pushed. */
function ahead(release: Release, { imageId, commit, settings }: BuiltRelease) {
  const deployment = record.begin(release, 'build', { imageId, commit, settings });
  deployment.signals = { ...deployment.signals, verdict: 'wait' };
  return { deployment, end: run(deployment) };
}

/** Waits until all is done that can be before the verdict. */
async function prepared({ log }: FakeDeployment): Promise<void> {
  await until(() => log.some((line) => line.includes("build's verdict")));
}

function leaseOf(deployment: FakeDeployment, secrets: Readonly<Record<string, string>> = {}) {
  return memoryLease({
    work: deployment.claim(),
    signals: () => deployment.signals,
    report: (body) => deployment.take(body),
    say: (line) => deployment.log.push(line),
    secrets,
  });
}

function smoke(command: string) {
  return { commands: [command], timeoutMs: 20_000 };
}

/** The deployments whose containers there are, by slot; as the engine has it, and as the record. */
const starters = async () => new Map((await apps()).map(({ slot, deploymentId }) => [slot, deploymentId]));
const recordedStarters = () =>
  new Map(record.slots.flatMap(({ index, startedBy }) => (startedBy === null ? [] : [[index, startedBy]])));

const apps = () => listApps(world.engine, world.under.dir, record.id);

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

async function ask(path: string) {
  const { status, headers, body } = await get(path);
  return { status, app: headers['x-app'], body };
}

async function fetchHeaders(path: string) {
  return (await get(path)).headers;
}

function get(path: string): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port: world.under.port, path, headers: { host: HOST } }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      })
      .on('error', reject);
  });
}
