import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isEnd } from '../../src/core/status.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { DeploymentView } from '../../src/core/views/deployment-view.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { endOf, push } from '../support/builds.ts';
import { filesWith } from '../support/files-with.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { testParts } from '../support/parts.ts';
import { LOGIN, READER } from '../support/registry-logins.ts';
import { waitFor } from '../support/wait.ts';
import { environmentOf, explain } from './support/expect-build.ts';
import { linesOf, rowOf } from './support/read-build.ts';
import { stagedManifests, tagsOf } from './support/registry.ts';
import { startWorld, type World } from './support/world.ts';

const NAME = 'locked/shop';
const HOST = 'locked.example.com';

let world: World;
let engine: Engine;
let repository: HostedRepository;
const builds = new Map<string, BuildView>();

beforeAll(async () => {
  engine = connectEngine(testParts().dockerHost);
  world = await startWorld({ lockedRegistry: true });
  repository = await world.addProject(NAME, {});
});
afterAll(async () => {
  engine.close();
  await world?.stop();
});

describe('a registry with a password', () => {
  it('refuses a build with the wrong one: its error names the registry, and nothing is tagged or deployed', async () => {
    await logIn('push', { ...LOGIN, password: 'wrong' });
    const build = await pushAndWait('none');
    expect(build.status, explain(build)).toBe('error');
    expect(build.reason).toContain(`The registry ${world.system.registry.host} answered 401 to `);
    expect(rowOf(build, 'push')).toMatchObject({ status: 'error' });
    expect(rowOf(build, 'unit')).toMatchObject({ status: 'success' });
    expect(build.pushed).toBeNull();
    expect(await tagsOf(world.system.registryUrl, NAME)).toEqual([]);
    expect(await stagedManifests(world.system.registryUrl)).toEqual([]);
    expect(build.deployments.map(({ status }) => status)).toEqual(['skipped']);
    expect((await world.system.ask(HOST)).status).toBe(404);
  });

  it('takes what is pushed with the right one: staged, proven, tagged, nothing left in staging', async () => {
    await logIn('push', LOGIN);
    await logIn('pull', READER);
    for (const version of ['one', 'two']) {
      const build = await pushAndWait(version);
      expect(build.status, explain(build)).toBe('success');
      expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
      expect((await world.system.ask(HOST)).text).toBe(`${version}\n`);
    }
    const commits = ['one', 'two'].map((version) => builds.get(version)?.commit);
    expect(await tagsOf(world.system.registryUrl, NAME)).toEqual([...commits, 'main'].sort());
    await world.expectNothingOfBuilds();
  });

  it('gives a deployment the image that its engine lost', async () => {
    await removeImage('one');
    const deployment = await rollBack('one');
    expect(deployment).toMatchObject({ status: 'success', reason: null });
    expect(await logOf(deployment)).toContain(`Pulling ${referenceOf('one')}`);
    expect((await world.system.ask(HOST)).text).toBe('one\n');
  });

  it('gives nothing to a deployment with the wrong one, and live serves on', async () => {
    await removeImage('two');
    await logIn('pull', { ...READER, password: 'wrong' });
    const deployment = await rollBack('two');
    expect(deployment.status).toBe('error');
    expect(deployment.reason).toContain(
      `The registry ${world.system.registry.host} answered an error to pull `,
    );
    expect((await world.system.ask(HOST)).text).toBe('one\n');
  });

  it('finds its passwords in no file of Slipway', () => {
    const basic = [LOGIN, READER].map(({ username, password }) =>
      Buffer.from(`${username}:${password}`).toString('base64'),
    );
    expect(filesWith([...basic, READER.password], world.system.dir)).toEqual([]);
  });
});

function logIn(use: 'push' | 'pull', login: { username: string; password: string }): Promise<unknown> {
  return world.system.api('PUT', `/registries/${encodeURIComponent(world.system.registry.host)}`, {
    ...login,
    use,
  });
}

async function pushAndWait(version: string): Promise<BuildView> {
  const build = await endOf(world.system, await push(world.system, repository, filesOf(version)));
  builds.set(version, build);
  return build;
}

const filesOf = (version: string): Record<string, string> => ({
  Dockerfile: `FROM slipway-test/busybox:1
RUN mkdir /www && echo ${version} > /www/index.html && echo ${world.system.workerName} > /made-for
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
`,
  'slipway.yml': `image: {}
steps: [{ name: unit, commands: test -e /www/index.html }]
push: {}
deploy:
  environment: production
  port: 80
  host: ${HOST}
  drain: { requests: 0s, connections: 0s }
  standby: 0s
`,
});

function referenceOf(version: string): string {
  const { repository: name = '', digest = '' } = builds.get(version)?.pushed ?? {};
  return `${name}@${digest}`;
}

/** No container uses it any more: its slot was emptied at once. */
async function removeImage(version: string): Promise<void> {
  await engine.docker.getImage(referenceOf(version)).remove({ force: true });
  expect(await engine.inspectImage(referenceOf(version))).toBeNull();
}

async function rollBack(version: string): Promise<DeploymentView> {
  const { system } = world;
  const { projectId = '', deployments } = builds.get(version) ?? {};
  const environment = await environmentOf(system, projectId, 'production');
  const { id } = await system.api<{ id: string }>('POST', `/environments/${environment.id}/rollback`, {
    deployment: deployments?.[0]?.id,
  });
  const ended = async (): Promise<DeploymentView | null> => {
    const { history } = await environmentOf(system, projectId, 'production');
    return history.find((one) => one.id === id && isEnd(one.status)) ?? null;
  };
  return waitFor('the rollback ends', ended, 90_000);
}

async function logOf({ logId }: DeploymentView): Promise<string> {
  return (await linesOf(world.system, logId)).map(({ text }) => text).join('\n');
}
