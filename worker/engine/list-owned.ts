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

export interface UnlabelledVolume {
  readonly id: string;
  /** Since it was made, or changed at its top; both times are the engine's own. NaN where it does not tell. */
  readonly ageMs: number;
}

/**
 * Volumes that have no label and no container, by the begin of their name: Docker that is ended while it makes a volume
 * may keep the volume and lose its labels.
 */
export async function listUnlabelledVolumes(
  docker: Dockerode,
  prefix: string,
): Promise<readonly UnlabelledVolume[]> {
  const filters = JSON.stringify({ dangling: ['true'], name: [prefix] });
  const { Volumes } = await callEngine(() => docker.listVolumes({ filters }));
  const found = ((Volumes ?? []) as readonly Volume[]).filter(
    ({ Name, Labels }) => Name.startsWith(prefix) && Object.keys(Labels ?? {}).length === 0,
  );
  if (found.length === 0) return [];
  const { SystemTime } = (await callEngine(() => docker.info())) as { readonly SystemTime: string };
  return found.map(({ Name, CreatedAt }) => ({
    id: Name,
    ageMs: Date.parse(SystemTime) - Date.parse(CreatedAt ?? ''),
  }));
}

interface Volume {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** Whole seconds. */
  readonly CreatedAt?: string;
}
