import type Dockerode from 'dockerode';
import { callEngine, refusalText } from './engine-lost.ts';

export interface NetworkSpec {
  readonly name: string;
  /** CIDR. */
  readonly subnet: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NetworkFacts {
  readonly name: string;
  /** CIDRs. */
  readonly subnets: readonly string[];
}

/** The engine has a network in that subnet already. */
export class SubnetTaken extends Error {
  override readonly name = 'SubnetTaken';
}

/**
 * Makes a bridge network.
 * @throws SubnetTaken when the engine has a network there already.
 */
export async function createNetwork(docker: Dockerode, spec: NetworkSpec): Promise<void> {
  try {
    await callEngine(() =>
      docker.createNetwork({
        Name: spec.name,
        Driver: 'bridge',
        CheckDuplicate: true,
        IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet }] },
        Labels: { ...spec.labels },
      }),
    );
  } catch (error) {
    // Of the address pool ("Pool overlaps with …"), or of the bridges, where that one is just being made or removed
    // ("conflicts with network …: networks have overlapping IPv4").
    if (/overlap/i.test(refusalText(error))) throw new SubnetTaken(spec.subnet, { cause: error });
    throw error;
  }
}

/** Every network of the engine, whoever made it. */
export async function listNetworks(docker: Dockerode): Promise<readonly NetworkFacts[]> {
  const networks = await callEngine(() => docker.listNetworks());
  return networks.map((network) => ({
    name: network.Name,
    subnets: (network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? []),
  }));
}
