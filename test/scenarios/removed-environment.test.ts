import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EnvironmentView } from '../../src/core/views/environment-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { listApps, volumeName } from '../../worker/deploy/app-container.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { endOf, push } from '../support/builds.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { startWorld, type World } from './support/world.ts';

const HOST = 'removed.example.com';
/** Ten times what it takes as a rule. */
const LOOKED_MS = 90_000;

let world: World;
let engine: Engine;

beforeAll(async () => {
  world = await startWorld();
  engine = connectEngine(testParts().dockerHost);
});
afterAll(async () => {
  engine?.close();
  await world?.stop();
});

it('an environment is removed with all of it, on the way of a worker that was killed half-way, and then its project', async () => {
  const { system } = world;
  const repository = await world.addProject('shop/removed', {});
  const build = await endOf(system, await push(system, repository, FILES));
  expect(build.deployments[0]?.status, explain(build)).toBe('success');
  const id = build.deployments[0]?.environmentId ?? '';
  expect((await system.ask(HOST)).text).toBe('served\n');
  await expect(system.api('DELETE', '/projects/shop%2Fremoved')).rejects.toThrow(
    /in use by its environment production/,
  );

  await system.api('DELETE', `/environments/${id}`, { volumes: ['uploads'] });
  // Its app does not end when it is asked to: the router has forgotten it, and the container is as a rule still there.
  // Where this machine was so slow that it is not, all that follows holds as well.
  await waitFor('it is off the router', async () => (await system.ask(HOST)).status === 404, LOOKED_MS);
  const gone = system.worker === null ? null : once(system.worker, 'exit');
  system.worker?.kill('SIGKILL');
  await gone;
  expect((await environments()).filter((one) => one.removingSinceMs === null)).toEqual([]);

  await system.startWorker();
  await waitFor('it is forgotten', async () => (await environments()).length === 0, LOOKED_MS);
  expect(await appsOf(id)).toBe(0);
  expect(await volumesOf(id)).toEqual([volumeName(id, 'kept')]);
  const images = await engine.docker.listImages();
  const names = images.flatMap(({ RepoDigests }) => RepoDigests ?? []);
  expect(names.filter((name) => name.endsWith(build.pushed?.digest ?? 'none'))).toEqual([]);
  await engine.removeVolume(volumeName(id, 'kept'));
  const audit = await system.api<{ items: { action: string; subject: { name: string } }[] }>('GET', '/audit');
  expect(audit.items.map(({ action, subject }) => `${action} ${subject?.name}`)).toContain(
    'environment.remove shop/removed/production',
  );

  const again = await endOf(system, await push(system, repository, { ...FILES, 'a.txt': 'again' }));
  expect(again.deployments[0]?.status, explain(again)).toBe('success');
  const next = again.deployments[0]?.environmentId ?? '';
  expect(next).not.toBe(id);
  expect((await system.ask(HOST)).text).toBe('served\n');
  await system.api('DELETE', `/environments/${next}`, { volumes: ['uploads', 'kept'] });
  await waitFor('it is forgotten', async () => (await environments()).length === 0, LOOKED_MS);
  expect(await volumesOf(next)).toEqual([]);
  await system.api('DELETE', '/projects/shop%2Fremoved');
  await expect(system.api('GET', '/projects/shop%2Fremoved')).rejects.toThrow(/: 404 /);
}, 420_000);

const environments = async () =>
  (await world.system.api<Page<EnvironmentView>>('GET', '/environments')).items;

async function appsOf(environmentId: string): Promise<number> {
  return (await listApps(engine, path.join(world.system.dir, 'router'), environmentId)).length;
}

async function volumesOf(environmentId: string): Promise<readonly string[]> {
  const { Volumes } = await engine.docker.listVolumes({
    filters: JSON.stringify({ label: [`slipway.environment=${environmentId}`] }),
  });
  return (Volumes ?? []).map(({ Name }) => Name).sort();
}

/** It ends only when it is killed. */
const FILES = {
  Dockerfile: `FROM slipway-test/busybox:1
RUN mkdir /www && echo served > /www/index.html
CMD ["sh", "-c", "trap '' TERM; httpd -f -p 80 -h /www & while :; do sleep 1; done"]
`,
  'slipway.yml': `image: {}
deploy: { environment: production, port: 80, host: ${HOST}, volumes: ["uploads:/data", "kept:/kept"] }
`,
};
