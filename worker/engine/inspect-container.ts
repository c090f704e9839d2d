import type Dockerode from 'dockerode';
import { callEngine, refusalStatus } from './engine-lost.ts';

export interface ContainerFacts {
  readonly id: string;
  readonly running: boolean;
  /** Null while it runs or before it ran. */
  readonly exitCode: number | null;
  /** True only when the main process itself was killed for lack of memory. */
  readonly oomKilled: boolean;
  /** The image's Id. */
  readonly imageId: string;
  /** Address by network name. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** What the engine knows of a container; null when there is none. */
export async function inspectContainer(docker: Dockerode, id: string): Promise<ContainerFacts | null> {
  try {
    const facts = await callEngine(() => docker.getContainer(id).inspect());
    return {
      id: facts.Id,
      running: facts.State.Running,
      exitCode: facts.State.Running || facts.State.Status === 'created' ? null : facts.State.ExitCode,
      oomKilled: facts.State.OOMKilled,
      imageId: facts.Image,
      addresses: Object.fromEntries(
        Object.entries(facts.NetworkSettings.Networks).map(([name, network]) => [name, network.IPAddress]),
      ),
    };
  } catch (error) {
    if (refusalStatus(error) === 404) return null;
    throw error;
  }
}
