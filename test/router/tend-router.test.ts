import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applySlotAction } from '../../src/core/slots.ts';
import type { Release } from '../../src/core/deployment.ts';
import type { RouterRecord } from '../../src/core/work.ts';
import type { RouterRemovedRequest } from '../../src/protocol/worker.ts';
import { listApps, removeApp, volumeName } from '../../worker/deploy/app-container.ts';
import { askApp } from '../../worker/deploy/ask-candidate.ts';
import { AppLogs } from '../../worker/deploy/app-logs.ts';
import { appLogId, followApp } from '../../worker/deploy/follow-app.ts';
import { runDeployment } from '../../worker/deploy/run-deployment.ts';
import { tendRouter } from '../../worker/deploy/tend-router.ts';
import { lookForFailovers, type LiveSight } from '../../worker/router/watch-failovers.ts';
import { testNetwork } from '../support/parts.ts';
import { HOST, PORT, startDeployWorld, type DeployWorld } from './support/deploy-world.ts';
import { FakeRecord } from './support/fake-record.ts';
import { memoryLease } from './support/memory-lease.ts';
import { startPublicLoad } from './support/public-load.ts';

let world: DeployWorld;
let record: FakeRecord;

beforeAll(async () => {
  world = await startDeployWorld(testNetwork(83));
});
afterAll(async () => {
  await world?.remove();
});
beforeEach(() => {
  record = new FakeRecord(world.network.range);
});
afterEach(async () => {
  for (const app of await listApps(world.engine, world.under.dir)) await world.engine.removeContainer(app.id);
  await world.under.router.drop(record.id);
});

describe('the keeper of the router', () => {
  it('leaves a standby able to serve until its time, stops it then, and changes nothing a second time', async () => {
    await deploy(world.release('v1'));
    await deploy(world.release('v2', { standbyMs: 60_000 }));
    const standby = record.slots.find(({ role }) => role === 'standby');
    const untilMs = standby?.standbyUntilMs ?? 0;
    expire(untilMs - 1);
    expect(await tend()).toEqual([]);
    expect([...(await slotsWithApps())].sort()).toEqual([0, 1]);
    expect((await askApp(standby?.address ?? '', PORT, HOST, '/', 1_000)).status).toBe(200);
    expire(untilMs);
    expect(await tend()).toEqual([
      'brought production of shop/web to the record',
      'removed a container of production of shop/web',
    ]);
    expect(await slotsWithApps()).toEqual([1]);
    expect(await world.under.router.differences()).toEqual([]);
    expect(await tend()).toEqual([]);
  });

  it('leaves an environment alone while a deployment is at work on it', async () => {
    await deploy(world.release('v1'));
    record.slots = applySlotAction(record.slots, { type: 'remove' });
    expect(await tend({ busy: true })).toEqual([]);
    world.tools.active.add(record.id);
    expect(await tend()).toEqual([]);
    world.tools.active.delete(record.id);
    expect(await slotsWithApps()).toEqual([0]);
  });

  it('removes an environment that the record no longer has, from router and engine', async () => {
    await deploy(world.release('v1'));
    await tendRouter(world.tools, async () => ({ environments: [], unusedImages: [] }), neverTold);
    expect(await slotsWithApps()).toEqual([]);
    expect((await world.under.router.state()).environments).toEqual([]);
    expect(await world.under.router.differences()).toEqual([]);
  });

  it('tells of a removal once nothing is left, takes the volumes that were named and no other, also when it was cut short', async () => {
    await deploy(world.release('v1', { volumes: [volume('uploads'), volume('kept')] }));
    const names = [volumeName(record.id, 'kept'), volumeName(record.id, 'uploads')];
    expect(await volumesOf(record.id)).toEqual(names);
    const told: unknown[] = [];
    const removal = {
      ...{ environmentId: record.id, name: 'production', projectPath: 'shop/web' },
      volumes: ['uploads', 'never-made'],
    };
    const remove = (tell: (request: RouterRemovedRequest) => Promise<readonly string[]>) =>
      tendRouter(
        world.tools,
        async () => ({ environments: [], unusedImages: [], removals: [removal] }),
        tell,
      );
    const answers = (ids: readonly string[]) => async (request: RouterRemovedRequest) => {
      told.push(request);
      return ids;
    };
    try {
      world.tools.active.add(record.id);
      expect(await remove(answers([]))).toEqual([]);
      const why = 'a deployment that is at work on it';
      expect(told.splice(0)).toEqual([{ environments: [], waiting: [{ id: record.id, for: why }] }]);
      world.tools.active.delete(record.id);
      await expect(remove(() => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
      expect(await slotsWithApps()).toEqual([]);
      expect((await world.under.router.state()).environments).toEqual([]);
      expect(await remove(answers([]))).toEqual([]);
      expect(await remove(answers([record.id]))).toEqual(['removed the environment production of shop/web']);
      const over = { environments: [{ id: record.id, volumes: removal.volumes }], waiting: [] };
      expect(told).toEqual([over, over]);
      expect(await volumesOf(record.id)).toEqual([volumeName(record.id, 'kept')]);
    } finally {
      world.tools.active.delete(record.id);
      for (const name of names) await world.engine.removeVolume(name);
    }
  });

  it('goes on with other removals where a volume of one cannot go, and says which', async () => {
    const release = world.release('v1', { volumes: [volume('uploads')] });
    await deploy(release);
    const other = `${record.id}_other`;
    await world.engine.createVolume(volumeName(other, 'uploads'), {});
    const container = await world.engine.docker.createContainer({
      Image: release.imageId,
      HostConfig: { Binds: [`${volumeName(record.id, 'uploads')}:/held`] },
    });
    const removals = [record.id, other].map((environmentId) => ({
      ...{ environmentId, name: environmentId, projectPath: 'shop/web', volumes: ['uploads'] },
    }));
    const told: string[] = [];
    const waits: unknown[] = [];
    const remove = () =>
      tendRouter(
        world.tools,
        async () => ({ environments: [], unusedImages: [], removals }),
        async ({ environments, waiting = [] }) => {
          told.push(...environments.map(({ id }) => id));
          waits.push(...waiting);
          return told;
        },
      );
    try {
      expect(await remove()).toContain(`removed the environment ${other} of shop/web`);
      expect(told).toEqual([other]);
      const why: unknown = expect.stringContaining('a volume that cannot be removed: ');
      expect(waits).toEqual([{ id: record.id, for: why }]);
      await container.remove({ force: true });
      expect(await remove()).toContain(`removed the environment ${record.id} of shop/web`);
      expect(told.slice(1)).toContain(record.id);
    } finally {
      await container.remove({ force: true }).catch(() => undefined);
      for (const id of [record.id, other]) await world.engine.removeVolume(volumeName(id, 'uploads'));
    }
  });

  it('waits a minute with the end of a removal for images that a container uses, and not for ever', async () => {
    const release = world.release('v1');
    await deploy(release);
    const removal = { environmentId: record.id, name: 'production', projectPath: 'shop/web', volumes: [] };
    let nowMs = 1_000;
    const remove = (waited: Map<string, number>) =>
      tendRouter(
        { ...world.tools, clock: { nowMs: () => nowMs } },
        async () => ({ environments: [], unusedImages: [release.imageReference], removals: [removal] }),
        async ({ environments }) => environments.map(({ id }) => id),
        waited,
      );
    const container = await world.engine.docker.createContainer({ Image: release.imageId });
    const end = 'removed the environment production of shop/web';
    try {
      const waited = new Map<string, number>();
      expect(await remove(waited)).not.toContain(end);
      nowMs += 59_000;
      expect(await remove(waited)).toEqual([]);
      nowMs += 1_000;
      expect(await remove(waited)).toEqual([end]);
      expect(await remove(new Map())).toEqual([]);
      await container.remove({ force: true });
      expect(await remove(new Map())).toEqual([`removed the image ${release.imageReference}`, end]);
    } finally {
      await container.remove({ force: true }).catch(() => undefined);
    }
  });

  it('brings back what a router lost', async () => {
    await deploy(world.release('v1'));
    await world.under.router.drop(record.id);
    await tend();
    expect((await world.under.router.state()).environments).toHaveLength(1);
    expect(await world.under.router.differences()).toEqual([]);
  });
});

describe('an image that was pulled for a release', () => {
  it('stays while a container uses it, ended or not, and goes once none does', async () => {
    const release = world.release('v1');
    await deploy(release);
    const unusedImages = [release.imageReference];
    expect(await tend({ unusedImages })).toEqual([]);
    const [app] = await listApps(world.engine, world.under.dir);
    await world.engine.docker.getContainer(app?.id ?? '').stop({ t: 1 });
    expect(await tend({ unusedImages })).toEqual([]);
    await world.engine.removeContainer(app?.id ?? '');
    expect(await namesOf(release.imageId)).toContain(release.imageReference);
    expect(await tend()).toEqual([]);
    expect(await tend({ unusedImages })).toEqual([`removed the image ${release.imageReference}`]);
    expect(await namesOf(release.imageId)).not.toContain(release.imageReference);
    expect(await tend({ unusedImages })).toEqual([]);
  });

  it('keeps its other names', async () => {
    const release = world.release('v1');
    await deploy(release);
    const [app] = await listApps(world.engine, world.under.dir);
    await world.engine.removeContainer(app?.id ?? '');
    const another = `slipway-test/another-${record.id.toLowerCase().replace('_', '-')}`;
    await world.engine.docker.getImage(release.imageReference).tag({ repo: another, tag: 'name' });
    try {
      expect(await tend({ unusedImages: [release.imageReference] })).toHaveLength(1);
      expect(await namesOf(release.imageId)).toContain(`${another}:name`);
    } finally {
      await world.engine.docker.getImage(`${another}:name`).remove();
    }
  });
});

/** Names that the engine has for an image. */
async function namesOf(imageId: string): Promise<readonly string[]> {
  const images = await world.engine.docker.listImages();
  return images
    .filter(({ Id }) => Id === imageId)
    .flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
}

describe('a fail-over', () => {
  it('answers from the standby within a moment, loses no GET, and is told', async () => {
    await deploy(world.release('v1'));
    await deploy(world.release('v2'));
    const sights = new Map<string, LiveSight>();
    expect(await lookForFailovers(world.under.router, sights, 1)).toEqual([]);
    const load = startPublicLoad({
      port: world.under.port,
      host: HOST,
      clients: 6,
      websockets: 0,
      pauseMs: 2,
      paths: ['/'],
    });
    await sleep(200);
    const live = record.slots.find(({ role }) => role === 'live');
    const app = (await listApps(world.engine, world.under.dir)).find(({ slot }) => slot === live?.index);
    await world.engine.killContainer(app?.id ?? '');
    await sleep(600);
    await load.stop();
    const events = await lookForFailovers(world.under.router, sights, 2);
    expect(events.map(({ type }) => type)).toContain('failover');
    expect(load.answers.some(({ app: name }) => name === 'v1')).toBe(true);
    const safe = load.answers.filter(({ method }) => ['GET', 'HEAD', 'OPTIONS'].includes(method));
    expect(safe.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

describe('the log of an app', () => {
  it('goes on where the server has it, masks secrets, and is sealed when the container is gone', async () => {
    await deploy(world.release('v1', { env: { VERSION: { fromSecret: 'version' } } }), {
      version: 'top-secret',
    });
    const [app] = await listApps(world.engine, world.under.dir);
    if (app === undefined) throw new Error('no app');
    const server = memoryServer();
    const never = new AbortController().signal;
    const first = new AbortController();
    const following = followApp(world.engine, server, app, { end: first.signal, stopped: never });
    await until(() => server.text().includes('listening'));
    first.abort();
    await following;
    expect(server.text()).toBe('listening as ********\n');
    await world.engine.docker.getContainer(app.id).restart({ t: 1 });
    const end = followApp(world.engine, server, app, { end: never, stopped: never });
    await until(() => server.text().split('\n').length === 3);
    await world.engine.removeContainer(app.id);
    await end;
    expect(server.text()).toBe('listening as ********\nlistening as ********\n');
    expect(server.sealed).toEqual([appLogId(app.deploymentId)]);
  });

  it('is sealed before the container is removed, so that any later worker could do it', async () => {
    await deploy(world.release('v1'));
    const [app] = await listApps(world.engine, world.under.dir);
    if (app === undefined) throw new Error('no app');
    const server = memoryServer();
    const logs = new AppLogs({
      ...{ engine: world.engine, link: server },
      onError: (error) => expect(error).toBeNull(),
    });
    logs.follow(app);
    let isThere = false;
    const sealLog = async (): Promise<void> => {
      await logs.seal(app);
      isThere = (await world.engine.inspectContainer(app.id)) !== null;
      expect(server.sealed).toEqual([appLogId(app.deploymentId)]);
    };
    await removeApp({ engine: world.engine, sealLog }, app, 1_000);
    expect(isThere).toBe(true);
    expect(await world.engine.inspectContainer(app.id)).toBeNull();
  });
});

/** What the server's timer does to the record at that moment. */
function expire(nowMs: number): void {
  record.slots = applySlotAction(record.slots, { type: 'expire', nowMs });
  record.fence++;
}

async function tend({
  busy = false,
  unusedImages = [],
}: { busy?: boolean; unusedImages?: readonly string[] } = {}): Promise<readonly string[]> {
  const asRecorded: RouterRecord = {
    environments: [
      {
        id: record.id,
        name: 'production',
        projectPath: 'shop/web',
        backend: record.backend,
        hosts: record.hosts,
        fence: record.fence,
        slots: record.slots,
        busy,
      },
    ],
    unusedImages,
  };
  return tendRouter(world.tools, async () => asRecorded, neverTold);
}

const neverTold = () => Promise.reject(new Error('nothing was to be removed'));

const volume = (name: string) => ({ name, path: `/data/${name}` });

async function volumesOf(environmentId: string): Promise<readonly string[]> {
  const { Volumes } = await world.engine.docker.listVolumes({
    filters: JSON.stringify({ label: [`slipway.environment=${environmentId}`] }),
  });
  return (Volumes ?? []).map(({ Name }) => Name).sort();
}

async function deploy(release: Release, secrets: Readonly<Record<string, string>> = {}): Promise<void> {
  const deployment = record.begin(release);
  const lease = memoryLease({
    work: deployment.claim(),
    signals: () => deployment.signals,
    report: (body) => deployment.take(body),
    say: (line) => deployment.log.push(line),
    secrets,
  });
  expect((await runDeployment(lease, world.tools)).reason).toBeNull();
}

async function slotsWithApps(): Promise<readonly number[]> {
  return (await listApps(world.engine, world.under.dir)).map(({ slot }) => slot);
}

/** The server's side of an app's log. */
function memoryServer() {
  let bytes = Buffer.alloc(0);
  const sealed: string[] = [];
  const take = async (_stream: string, more: Uint8Array) => void (bytes = Buffer.concat([bytes, more]));
  return {
    text: () => bytes.toString('utf8'),
    sealed,
    logBytes: async () => bytes.length,
    openLog: (logId: string) => ({
      write: take,
      say: (line: string) => take('system', Buffer.from(`${line}\n`)),
      async end() {
        sealed.push(logId);
        return bytes.length;
      },
    }),
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
