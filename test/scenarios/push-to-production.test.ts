import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { until, type System } from '../support/system.ts';
import { explain } from './support/expect-build.ts';
import { rowsOf } from './support/read-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
let system: System;
let repository: HostedRepository;

beforeAll(async () => {
  world = await startWorld();
  ({ system } = world);
  repository = await world.addProject('shop/web', appFiles('0'));
});
afterAll(() => world?.stop());

describe('a push', () => {
  it('is built, tested, pushed and deployed, and the public host serves it', async () => {
    const build = await pushAndWait('1');
    expect(build.status, explain(build)).toBe('success');
    expect(stepsOf(build)).toEqual({
      clone: 'success',
      image: 'success',
      unit: 'success',
      serve: 'success',
      push: 'success',
    });
    expect(build.pushed?.tags).toEqual([build.commit, 'main']);
    expect(build.deployments.map((deployment) => deployment.status)).toEqual(['success']);
    expect((await system.ask('app.example.com')).text).toBe('version 1\n');
  });

  it('keeps the old release live when the tests fail', async () => {
    const build = await pushAndWait('2', true);
    expect(build.status).toBe('failure');
    expect(stepsOf(build)).toMatchObject({ unit: 'failure', serve: 'skipped', push: 'skipped' });
    expect(build.pushed?.tags ?? []).toEqual([]);
    expect((await system.ask('app.example.com')).text).toBe('version 1\n');
  });

  it('goes live beside the old release, which stands by and comes back by a rollback', async () => {
    const build = await pushAndWait('3');
    expect(
      build.deployments.map((deployment) => deployment.status),
      explain(build),
    ).toEqual(['success']);
    expect((await system.ask('app.example.com')).text).toBe('version 3\n');
    const [environment] = (await system.api<Page<EnvironmentView>>('GET', '/environments')).items;
    expect(environment?.slots.map((slot) => slot.role).sort()).toEqual(['empty', 'live', 'standby']);
    expect(environment?.rollback?.hot).toBe(true);
    await system.api('POST', `/environments/${environment?.id ?? ''}/rollback`);
    await until(
      async () => (await system.ask('app.example.com')).text === 'version 1\n',
      'the rollback is live',
    );
  });
});

async function pushAndWait(version: string, broken = false): Promise<BuildView> {
  const id = await push(system, repository, appFiles(version, { broken }), { message: `version ${version}` });
  return endOf(system, id);
}

function stepsOf(build: BuildView): Record<string, string> {
  return Object.fromEntries(rowsOf(build).map((step) => [step.name, step.status]));
}
