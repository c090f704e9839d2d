import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { isEnd } from '../../../src/core/status.ts';
import type { BuildSummary } from '../../../src/core/views/build-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import { LABELS } from '../../../worker/engine/labels.ts';
import {
  startGitHost,
  type GitHost,
  type GitHostOptions,
  type HostedRepository,
} from '../../support/git-host.ts';
import { busyboxImage } from '../../support/images.ts';
import { expectNothingLeft, takeInventory } from '../../support/leftovers.ts';
import { testParts } from '../../support/parts.ts';
import { startSystem, type System, type SystemOptions } from '../../support/system.ts';
import { waitFor } from '../../support/wait.ts';
import { stagedManifests } from './registry.ts';

/** The whole product with a Git host, and what holds that a test file left nothing in any of it. */
export interface World {
  readonly system: System;
  readonly host: GitHost;
  /** Makes a repository with these files on `main`, its project (with a token where it is given) and the project's secrets. */
  addProject(
    name: string,
    files: Readonly<Record<string, string>>,
    secrets?: Readonly<Record<string, string>>,
    project?: { readonly token?: string },
  ): Promise<HostedRepository>;
  /** Holds that builds left no container, network, volume, checkout or staged manifest. */
  expectNothingOfBuilds(): Promise<void>;
  /** Checks that as well, ends everything, and holds that it is gone. */
  stop(): Promise<void>;
}

export async function startWorld(
  options: Partial<SystemOptions> = {},
  hostOptions: GitHostOptions = {},
): Promise<World> {
  const { dockerHost, ownEngine, buildNetworks, appNetwork } = testParts();
  await busyboxImage(dockerHost);
  const nothing = { dockerHost, lines: new Set<string>() };
  // An engine of the run's own has nothing but ours, so everything in it counts; in another, what the labels tell.
  const only = ownEngine ? undefined : 'slipway.none';
  const before = await takeInventory(dockerHost, only);
  const host = await startGitHost(hostOptions);
  const system = await startSystem({ dockerHost, buildNetworks, appNetwork, ...options });
  const worlds = [`${LABELS.worker}=${system.workerName}`];

  const expectNothingOfBuilds = async (): Promise<void> => {
    for (const label of worlds)
      await expectNothingLeft({ ...nothing, lines: processesOf(await takeInventory(dockerHost)) }, label);
    const checkouts = path.join(system.dir, 'worker', 'checkouts');
    await waitFor('no checkout is left', async () => (await entries(checkouts)).length === 0, 45_000).catch(
      () => undefined,
    );
    expect(await entries(checkouts)).toEqual([]);
    expect(await stagedManifests(system.registryUrl)).toEqual([]);
    expect(await builtImages(system, dockerHost)).toEqual([]);
  };

  return {
    system,
    host,
    async addProject(name, files, secrets = {}, project = {}) {
      const repository = host.create(name);
      const fresh: Record<string, string> = {};
      for (const [file, text] of Object.entries(files))
        fresh[file] = text.replaceAll('<run>', system.workerName);
      repository.commit(fresh, 'begin');
      await system.api('POST', '/projects', { cloneUrl: repository.cloneUrl, ...project });
      for (const [secret, value] of Object.entries(secrets))
        await system.api('PUT', `/projects/${encodeURIComponent(name)}/secrets/${secret}`, { value });
      return repository;
    },
    expectNothingOfBuilds,
    async stop() {
      try {
        await cancelBuilds(system);
        await expectNothingOfBuilds();
      } finally {
        await system.stop();
        await host.close();
      }
      await expectNothingLeft(before, only);
    },
  };
}

/** Those of a test that failed would go on for as long as they are told to. */
async function cancelBuilds(system: System): Promise<void> {
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds').catch(() => ({ items: [] }));
  for (const { id } of items.filter(({ status }) => !isEnd(status)))
    await system.api('POST', `/builds/${id}/cancel`).catch(() => undefined);
}

/** Local names of what the system's builds have built; each is named by its lease, which the worker's log tells. */
async function builtImages(system: System, dockerHost: string): Promise<readonly string[]> {
  const said = await readFile(path.join(system.dir, 'worker.log'), 'utf8').catch(() => '');
  const leases = new Set(said.match(/\blea_\w+/g));
  const engine = connectEngine(dockerHost);
  const images = await engine.docker.listImages();
  engine.close();
  return images
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((name) => leases.has(/^slipway-build\/(\w+):/.exec(name)?.[1] ?? ''));
}

/** The system's own processes, which live on between builds. */
function processesOf({ lines }: { lines: ReadonlySet<string> }): Set<string> {
  return new Set([...lines].filter((line) => line.startsWith('process ')));
}

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
