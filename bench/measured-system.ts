import { startGitHost, type GitHost, type HostedRepository } from '../test/support/git-host.ts';
import { busyboxImage, nodeImage } from '../test/support/images.ts';
import { startSystem, type System } from '../test/support/system.ts';
import type { Ground } from './with-engine.ts';

export interface Measured {
  readonly system: System;
  readonly host: GitHost;
  readonly repository: HostedRepository;
}

/** Runs `work` on the whole product with one project, `bench/app`, of those first files. */
export async function measuredSystem<T>(
  ground: Ground,
  files: Readonly<Record<string, string>>,
  work: (measured: Measured) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  await busyboxImage(ground.dockerHost);
  await nodeImage(ground.dockerHost);
  const host = await startGitHost();
  const system = await startSystem({ ...ground, env });
  try {
    const repository = host.create('bench/app');
    repository.commit(files, 'begin');
    await system.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    return await work({ system, host, repository });
  } finally {
    await system.stop();
    await host.close();
  }
}
