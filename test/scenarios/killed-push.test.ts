import { existsSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { endOf, push } from '../support/builds.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { stagedManifests } from './support/registry.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ capacity: 1 });
});
afterAll(() => world?.stop());

/** Files of distribution's file system driver: a tag's, and those of a repository's manifests. */
const repositories = (): string =>
  path.join(world.system.dir, 'registry', 'data', 'docker', 'registry', 'v2', 'repositories');
const tagsIn = (repository: string): readonly string[] => entries(repository, '_manifests', 'tags');
const manifestsIn = (repository: string): readonly string[] =>
  entries(repository, '_manifests', 'revisions', 'sha256').filter((hex) =>
    existsSync(path.join(repositories(), repository, '_manifests', 'revisions', 'sha256', hex, 'link')),
  );
function entries(...folder: string[]): readonly string[] {
  const directory = path.join(repositories(), ...folder);
  return existsSync(directory) ? readdirSync(directory) : [];
}

describe('a worker that is killed while the image travels leaves nothing of it in the registry', () => {
  it.each([
    ['has staged it', (name: string) => tagsIn(`slipway-staging/${name}`).length > 0],
    ['has had it put into its repository', (name: string) => manifestsIn(name).length > 0],
  ])('when it %s', async (what, isThere) => {
    const { system } = world;
    const name = `killed/${what.replaceAll(' ', '-').toLowerCase()}`;
    const repository = await world.addProject(name, {
      Dockerfile: 'FROM slipway-test/busybox:1\nRUN echo <run> > /made\n',
      'slipway.yml': 'image: {}\nsteps: [{ name: work, commands: sleep 60 }]\npush: { tags: [never] }\n',
    });
    const id = await push(system, repository, {});
    for (const deadline = Date.now() + 30_000; !isThere(name); await sleep(1))
      if (Date.now() > deadline) throw new Error(`${name} never came so far`);
    const registry = system.registry.pid;
    process.kill(registry, 'SIGSTOP');
    try {
      const gone = system.worker === null ? null : once(system.worker, 'exit');
      system.worker?.kill('SIGKILL');
      await gone;
    } finally {
      process.kill(registry, 'SIGCONT');
    }
    expect(await stagedManifests(system.registry.url), 'the kill came in time').toHaveLength(1);
    await system.startWorker();
    const build = await endOf(system, id);
    expect(build.status, explain(build)).toBe('error');
    await waitFor('nothing is staged', async () => (await stagedManifests(system.registry.url)).length === 0);
    await waitFor('no manifest is left', () => manifestsIn(name).length === 0);
    await waitFor(
      'the engine has no name of it',
      async () => (await stagedNames(system.registry.host)) === 0,
    );
    await world.expectNothingOfBuilds();
  });
});

/** How many local names the engine has of what is staged in that registry. */
async function stagedNames(host: string): Promise<number> {
  const engine = connectEngine(testParts().dockerHost);
  const images = await engine.docker.listImages();
  engine.close();
  const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  return names.filter((name) => name.startsWith(`${host}/slipway-staging/`)).length;
}
