import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { refusalStatus } from '../../worker/engine/engine-lost.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { endOf, push } from '../support/builds.ts';
import { busyboxImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { startSlipway } from '../support/slipway-command.ts';
import { explain } from './support/expect-build.ts';
import { logOf, rowOf } from './support/read-build.ts';
import { digestOf } from './support/registry.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
let engine: Engine;
let repository: string;
beforeAll(async () => {
  world = await startWorld({ capacity: 2 });
  engine = connectEngine(testParts().dockerHost);
  repository = `${new URL(world.system.registryUrl).host}/tools/say`;
});
afterEach(() => world.expectNothingOfBuilds());
afterAll(async () => {
  await forgetAll();
  engine?.close();
  await world?.stop();
});

/** Makes the tag stand for an image that says `version`, in the registry and in the engine; gives its digest. */
async function publish(version: string): Promise<string> {
  const base = await busyboxImage(testParts().dockerHost);
  const made = await engine.docker.createContainer({ Image: base, Cmd: ['true'] });
  await made.commit({ repo: repository, tag: '1', changes: `ENV VERSION=${version}` });
  await made.remove();
  const sent = await engine.docker
    .getImage(`${repository}:1`)
    .push({ authconfig: { username: '', password: '' } });
  await new Promise<void>((resolve, reject) =>
    engine.docker.modem.followProgress(sent, (error) => (error === null ? resolve() : reject(error))),
  );
  const digest = await digestOf(world.system.registryUrl, 'tools/say', '1');
  if (digest === null) throw new Error('the registry has no such tag');
  return digest;
}

/** The engine has nothing of the repository any more. */
async function forgetAll(): Promise<void> {
  for (const { RepoTags, RepoDigests } of await engine.docker.listImages({ all: true }))
    for (const name of [...(RepoTags ?? []), ...(RepoDigests ?? [])])
      if (name.startsWith(repository))
        await engine.docker
          .getImage(name)
          .remove({ force: true })
          .catch((error: unknown) => {
            if (refusalStatus(error) !== 404) throw error;
          });
}

const step = (name: string, commands: string) =>
  `steps: { ${name}: { image: "${repository}:1", commands: ${JSON.stringify(commands)} } }\n`;
const said = async (build: BuildView, name: string) =>
  /^version \w+$/m.exec(await logOf(world.system, build, name))?.[0];

it('runs one digest by one name in all of a build, though the tag moves in registry and engine meanwhile', async () => {
  const first = await publish('one');
  await forgetAll();
  const project = await world.addProject('names/moving', {
    '.slipway/a.yml': step('say', 'echo version $VERSION; echo waits; sleep 12'),
    '.slipway/b.yml': `depends_on: a\n${step('say', 'echo version $VERSION')}`,
  });
  const id = await push(world.system, project, {});
  await untilSaid(world.system, id, 'a: say', 'waits');
  const second = await publish('two');
  expect(second).not.toBe(first);
  const build = await endOf(world.system, id);
  expect(build.status, explain(build)).toBe('success');
  expect(await said(build, 'a: say')).toBe('version one');
  expect(await said(build, 'b: say')).toBe('version one');
  for (const name of ['a: say', 'b: say'])
    expect(rowOf(build, name).image).toEqual({ name: `${repository}:1`, from: 'registry', digest: first });
  // The next build takes what the tag stands for then.
  const next = await endOf(world.system, await push(world.system, project, {}));
  expect(await said(next, 'b: say')).toBe('version two');
});

it('asks the registry for an image that the engine has, where the file says so', async () => {
  await publish('one');
  const stale = (await engine.docker.getImage(`${repository}:1`).inspect()).Id;
  await publish('two');
  await engine.docker.getImage(stale).tag({ repo: repository, tag: '1' });
  const services = `services: { side: { image: "${repository}:1", pull: true, commands: sleep 60, ready: "true" } }\n`;
  const project = await world.addProject('names/fresh', {
    'slipway.yml': step('say', 'echo version $VERSION'),
  });
  const build = await endOf(world.system, await push(world.system, project, {}));
  expect(await said(build, 'say'), explain(build)).toBe('version one');
  const fresh = step('say', 'echo version $VERSION').replace('commands', 'pull: true, commands') + services;
  const next = await endOf(world.system, await push(world.system, project, { 'slipway.yml': fresh }));
  expect(next.status, explain(next)).toBe('success');
  expect(await said(next, 'say'), explain(next)).toBe('version two');
});

it('runs what failed again in the digest of before, here too, until that is not to be had', async () => {
  const first = await publish('one');
  await forgetAll();
  const project = await world.addProject('names/again', {
    'slipway.yml': step('say', 'echo version $VERSION; exit 3'),
  });
  const failed = await endOf(world.system, await push(world.system, project, {}));
  expect(await said(failed, 'say'), explain(failed)).toBe('version one');
  await publish('two');
  const rerun = async (): Promise<BuildView> => {
    const { id } = await world.system.api<{ id: string }>('POST', `/builds/${failed.id}/rerun`, {
      only: 'failed',
    });
    return endOf(world.system, id);
  };
  expect(await said(await rerun(), 'say')).toBe('version one');

  const home = await mkdtemp(path.join(tmpdir(), 'slipway-names-'));
  try {
    await promisify(execFile)('git', ['clone', '--quiet', project.cloneUrl, home]);
    const env = {
      ...{ SLIPWAY_URL: world.system.url, SLIPWAY_TOKEN: world.system.adminToken, HOME: home },
      ...{ DOCKER_HOST: testParts().dockerHost, SLIPWAY_BUILD_NETWORKS: testParts().buildNetworks },
    };
    const replay = () => startSlipway(['replay', failed.id, '--plain'], env).ended;
    const replayed = await replay();
    expect(replayed.stdout, replayed.stderr).toContain('| version one');

    await forgetAll();
    const gone = await fetch(`${world.system.registryUrl}/v2/tools/say/manifests/${first}`, {
      method: 'DELETE',
    });
    expect(gone.status).toBe(202);
    const after = await rerun();
    const reason = `The image ${repository}:1 that this build runs, ${first}, cannot be had`;
    expect(after.status).toBe('failure');
    expect(after.reason).toContain(reason);
    expect(await logOf(world.system, after, 'say')).toContain('Re-run the whole build');
    const lost = await replay();
    expect(lost.status).toBe(1);
    expect(lost.stdout).toContain(reason);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
