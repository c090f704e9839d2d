import type Dockerode from 'dockerode';
import { callEngine } from './engine-lost.ts';

/** One thing in the engine, with its labels. */
export interface OwnedThing {
  /** Id of a container; name of a network or volume. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a set of labels owns in the engine. */
export interface Owned {
  readonly containers: readonly OwnedThing[];
  readonly networks: readonly OwnedThing[];
  readonly volumes: readonly OwnedThing[];
}

/** Containers (ended ones too), networks and volumes that carry every one of the labels (`key=value`, or `key` alone). */
export async function listOwned(docker: Dockerode, labels: readonly string[]): Promise<Owned> {
  const filters = { label: [...labels] };
  const [containers, networks, volumes] = await callEngine(() =>
    Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
      docker.listVolumes({ filters: JSON.stringify(filters) }),
    ]),
  );
  return {
    containers: containers.map((container) => ({ id: container.Id, labels: container.Labels })),
    networks: networks.map((network) => ({ id: network.Name, labels: network.Labels ?? {} })),
    volumes: (volumes.Volumes ?? []).map((volume) => ({ id: volume.Name, labels: volume.Labels ?? {} })),
  };
}

/**
 * Volumes that have no label and no container, by the begin of their name: Docker that is ended while it makes a volume
 * may keep the volume and lose its labels.
 */
export async function listUnlabelledVolumes(
  docker: Dockerode,
  prefix: string,
): Promise<readonly OwnedThing[]> {
  const filters = JSON.stringify({ dangling: ['true'], name: [prefix] });
  const { Volumes } = await callEngine(() => docker.listVolumes({ filters }));
  return (Volumes ?? [])
    .map(({ Name, Labels }) => ({ id: Name, labels: Labels ?? {} }))
    .filter(({ id, labels }) => id.startsWith(prefix) && Object.keys(labels).length === 0);
}
