import type Dockerode from 'dockerode';
import { callEngine } from './engine-lost.ts';
import { variables } from './variables.ts';

/** What a container is made of. Every field that is left out takes the image's or the engine's default. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: string;
  /** Volume name and path in the container. */
  readonly mounts?: readonly Mount[];
  readonly network?: string;
  /** Id of a running container whose network it shares, in place of one of its own. */
  readonly joins?: string;
  /** DNS names on the network. */
  readonly aliases?: readonly string[];
  readonly limits?: ContainerLimits;
  /** Stdin is held by the one who attaches first, and ends with that connection. */
  readonly holdStdin?: boolean;
  /** What the engine sends to stop it, e.g. when it goes down itself. */
  readonly stopSignal?: string;
  /** The engine removes it when it ends. */
  readonly removeAtEnd?: boolean;
  /** No health check of the engine's: Slipway asks by itself, sooner. */
  readonly noHealthcheck?: boolean;
}

export type Mount = { readonly path: string; readonly readOnly: boolean } & (
  | { readonly volume: string }
  | { /** A path of the engine's host, which has to be there. */ readonly host: string }
);

export interface ContainerLimits {
  readonly memoryBytes: number;
  readonly pids: number;
  /** Weight against other containers when the processors are short; the engine's default is 1024. */
  readonly cpuShares: number;
}

/**
 * Dropped of the engine's own set: what reads raw packets, makes devices, or changes what capabilities a process and
 * a file have. The rest stays, because package managers and database images change owners and users.
 */
export const DROPPED_CAPABILITIES = ['MKNOD', 'NET_RAW', 'SETPCAP', 'SETFCAP'];

/** Creates a container and returns its id. It has an init, no log at the engine, and can gain no privileges. */
export async function createContainer(docker: Dockerode, spec: ContainerSpec): Promise<string> {
  const container = await callEngine(() => docker.createContainer(request(spec)));
  return container.id;
}

function request(spec: ContainerSpec): Dockerode.ContainerCreateOptions {
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ...(spec.environment === undefined ? {} : { Env: variables(spec.environment) }),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.noHealthcheck === true ? { Healthcheck: { Test: ['NONE'] } } : {}),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    ...(spec.holdStdin === true ? { OpenStdin: true, StdinOnce: true, AttachStdin: true } : {}),
    ...(spec.network === undefined
      ? {}
      : {
          NetworkingConfig: { EndpointsConfig: { [spec.network]: { Aliases: [...(spec.aliases ?? [])] } } },
        }),
    HostConfig: hostConfig(spec),
  };
}

function networkMode({ network, joins }: ContainerSpec): Dockerode.HostConfig {
  if (joins !== undefined) return { NetworkMode: `container:${joins}` };
  return network === undefined ? {} : { NetworkMode: network };
}

function hostConfig(spec: ContainerSpec): Dockerode.HostConfig {
  return {
    Init: true,
    AutoRemove: spec.removeAtEnd === true,
    SecurityOpt: ['no-new-privileges'],
    CapDrop: DROPPED_CAPABILITIES,
    LogConfig: { Type: 'none', Config: {} },
    ...networkMode(spec),
    Mounts: (spec.mounts ?? []).map(mountOf),
    ...(spec.limits === undefined
      ? {}
      : {
          Memory: spec.limits.memoryBytes,
          MemorySwap: spec.limits.memoryBytes,
          PidsLimit: spec.limits.pids,
          CpuShares: spec.limits.cpuShares,
        }),
  };
}

function mountOf(mount: Mount): Dockerode.MountSettings {
  const place = { Target: mount.path, ReadOnly: mount.readOnly };
  if ('volume' in mount)
    return {
      ...place,
      Type: 'volume',
      Source: mount.volume,
      VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: 'local', Options: {} } },
    };
  // Engines before 25 leave what is mounted below it writable in spite of `ReadOnly`; so nothing below it comes along.
  const options = { Propagation: 'rprivate' as const, NonRecursive: true };
  return { ...place, Type: 'bind', Source: mount.host, BindOptions: options };
}
