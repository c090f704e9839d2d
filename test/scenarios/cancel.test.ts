import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { endOf, push } from '../support/builds.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { waitFor } from '../support/wait.ts';
import { environmentOf, explain } from './support/expect-build.ts';
import { rowOf, rowsOf } from './support/read-build.ts';
import { tagsOf } from './support/registry.ts';
import { buildOf, untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ capacity: 1 });
});
afterEach(() => world.expectNothingOfBuilds());
afterAll(() => world?.stop());

/** From the answer to the cancel to the end of the build, clean-up apart: ten times what it takes. */
const SOON_MS = 20_000;
const DOCKERFILE = 'FROM slipway-test/busybox:1\n';

describe('a cancelled build ends soon and leaves nothing', () => {
  it('while it waits', async () => {
    const first = await begin('cancel/first', { 'slipway.yml': steps('sleep 60') });
    const second = await begin('cancel/waiting', { 'slipway.yml': steps('echo never') });
    await untilBuild(world.system, second.id, 'waits', ({ waiting }) => waiting !== null);
    const waiting = await cancel(second.id);
    expect(rowsOf(waiting).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect((await buildOf(world.system, first.id)).status).not.toBe('cancelled');
    await cancel(first.id);
  });

  it('while its commit is fetched', async () => {
    const { id } = await begin('cancel/clone', { 'slipway.yml': steps('echo never') }, () =>
      world.host.pause(),
    );
    try {
      await untilBuild(world.system, id, 'fetches', (build) => rowOf(build, 'clone').status === 'running');
      expectRows(await cancel(id), { clone: 'cancelled', work: 'cancelled' });
    } finally {
      world.host.resume();
    }
  });

  it('while its image is built', async () => {
    const { id } = await begin('cancel/image', {
      Dockerfile: `${DOCKERFILE}RUN echo <run>; echo building; sleep 60\n`,
      'slipway.yml': `image: {}\n${steps('echo never')}`,
    });
    await untilBuild(world.system, id, 'builds', (build) => rowOf(build, 'image').status === 'running');
    expectRows(await cancel(id), { clone: 'success', image: 'cancelled', work: 'cancelled' });
  });

  it('while a step runs beside a service', async () => {
    const { id } = await begin('cancel/step', {
      'slipway.yml':
        'services: { beside: { image: "slipway-test/busybox:1", commands: sleep 3600 } }\n' +
        steps('echo on its way; sleep 60'),
    });
    await untilSaid(world.system, id, 'work', 'on its way');
    const build = await cancel(id);
    expectRows(build, { clone: 'success', beside: 'success', work: 'cancelled' });
    expect(rowOf(build, 'work').reason).toBe('cancelled by admin');
  });

  it('while its image travels to the registry, and no tag is set', async () => {
    const registry = world.system.registry.pid ?? 0;
    const { id } = await begin('cancel/push', {
      Dockerfile: `${DOCKERFILE}RUN echo <run> > /made\n`,
      'slipway.yml': `image: {}\n${steps('echo tested')}push: { tags: [never] }\n`,
    });
    process.kill(registry, 'SIGSTOP');
    try {
      await untilBuild(
        world.system,
        id,
        'pushes',
        (build) => rowOf(build, 'push').status === 'running' && rowOf(build, 'work').status === 'success',
      );
      await world.system.api('POST', `/builds/${id}/cancel`);
    } finally {
      process.kill(registry, 'SIGCONT');
    }
    const build = await endOf(world.system, id);
    expectRows(build, { clone: 'success', image: 'success', work: 'success', push: 'cancelled' });
    expect(build.status).toBe('cancelled');
    expect(await tagsOf(world.system.registry.url, 'cancel/push')).toEqual([]);
  });

  it('while it is deployed beside its tests, and live is untouched', async () => {
    const files = app('one', 'echo tested');
    const { repository } = await begin('cancel/deploy', files, undefined, (id) => endOf(world.system, id));
    const id = await push(world.system, repository, app('two', 'echo on its way; sleep 60'));
    await untilSaid(world.system, id, 'work', 'on its way');
    await untilBuild(world.system, id, 'prepares', ({ deployments }) => deployments[0]?.status === 'running');
    const build = await cancel(id);
    expect(build.deployments.map(({ status }) => status)).toEqual(['cancelled']);
    const { slots } = await environmentOf(world.system, build.projectId, 'production');
    expect(slots.map(({ role }) => role).sort()).toEqual(['empty', 'empty', 'live']);
    expect((await world.system.ask('cancel.example.com')).text).toBe('one\n');
  });
});

describe('a cancelled deployment', () => {
  it('ends while its candidate is checked, and live is untouched', async () => {
    const { repository } = await begin('cancel/deployment', unhealthy('one', '/'), undefined, (id) =>
      endOf(world.system, id),
    );
    const id = await push(world.system, repository, unhealthy('two', '/never'));
    const checking = await untilBuild(
      world.system,
      id,
      'is checked',
      ({ deployments }) => deployments[0]?.phase === 'checking',
    );
    await world.system.api('POST', `/deployments/${checking.deployments[0]?.id ?? ''}/cancel`);
    const build = await endOf(world.system, id);
    expect([build.status, build.deployments[0]?.status]).toEqual(['success', 'cancelled']);
    const { slots } = await environmentOf(world.system, build.projectId, 'checked');
    expect(slots.map(({ role }) => role).sort()).toEqual(['empty', 'empty', 'live']);
    expect((await world.system.ask('checked.example.com')).text).toBe('one\n');
  });
});

/** Makes a project, pushes, and returns the build once it is there; `before` is called as soon as it is. */
async function begin(
  name: string,
  files: Readonly<Record<string, string>>,
  before: () => void = () => undefined,
  after: (id: string) => Promise<unknown> = async () => undefined,
): Promise<{ id: string; repository: HostedRepository }> {
  const repository = await world.addProject(name, files);
  const id = await push(world.system, repository, {});
  before();
  await after(id);
  return { id, repository };
}

async function cancel(id: string): Promise<BuildView> {
  await world.system.api('POST', `/builds/${id}/cancel`);
  const asked = Date.now();
  const build = await waitFor(
    'the build has ended',
    async () => {
      const seen = await buildOf(world.system, id);
      const open = seen.deployments.some(({ status }) => status === 'running' || status === 'pending');
      return seen.status === 'running' || seen.status === 'pending' || open ? null : seen;
    },
    SOON_MS,
  );
  expect(build.status, explain(build)).toBe('cancelled');
  expect(Date.now() - asked, explain(build)).toBeLessThan(SOON_MS);
  return build;
}

function expectRows(build: BuildView, rows: Readonly<Record<string, string>>): void {
  const seen = Object.fromEntries(rowsOf(build).map(({ name, status }) => [name, status]));
  expect(seen, explain(build)).toEqual(rows);
}

function steps(command: string): string {
  return `steps:\n  - { name: work, image: "slipway-test/busybox:1", commands: ${JSON.stringify(command)} }\n`;
}

function app(version: string, test: string): Record<string, string> {
  return {
    Dockerfile: `${DOCKERFILE}RUN mkdir /www && echo ${version} > /www/index.html\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n`,
    'slipway.yml': `image: {}\n${steps(test)}deploy: { environment: production, port: 80, host: cancel.example.com }\n`,
  };
}

function unhealthy(version: string, path: string): Record<string, string> {
  const deploy = `deploy: { environment: checked, port: 80, host: checked.example.com, health: ${path} }\n`;
  return { ...app(version, 'echo tested'), 'slipway.yml': `image: {}\n${deploy}` };
}
