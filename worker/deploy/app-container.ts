import type Dockerode from 'dockerode';
import type { Release, SlotRecord } from '../../src/core/deployment.ts';
import type { DeployedEnvironment } from '../../src/core/work.ts';
import { LIMITS } from '../../config/times.ts';
import { DROPPED_CAPABILITIES } from '../engine/create-container.ts';
import { demultiplex } from '../engine/demultiplex.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine, refusalStatus, unlessGone } from '../engine/engine-lost.ts';
import { variables } from '../engine/variables.ts';
import { LATCH } from './latch/latch.ts';
import type { DeployTools } from './run-deployment.ts';

/** Keys of the labels on an app's container. None is `slipway.lease`: apps outlive their deployment's lease. */
export const APP_LABELS = {
  environment: 'slipway.environment',
  slot: 'slipway.slot',
  deployment: 'slipway.deployment',
  /** Directory of the router before it: its worker, and no other, answers for the container. */
  router: 'slipway.router',
  /** Names of the variables that hold secrets, joined by commas: their values are masked in the app's log. */
  secrets: 'slipway.secrets',
  /** `held` when its entrypoint is the latch, with the app's words after it; else `plain`. */
  start: 'slipway.start',
} as const;

/** What a slot's container is made of. */
export interface AppSpec {
  readonly environment: DeployedEnvironment;
  readonly slot: SlotRecord;
  readonly deploymentId: string;
  /** `imageReference`: a name or an Id. */
  readonly release: Pick<Release, 'imageReference' | 'settings'>;
  readonly variables: Readonly<Record<string, string>>;
  /** Names of those that hold secrets. */
  readonly secretNames: readonly string[];
  readonly networkName: string;
  readonly routerDir: string;
  /** The words of the app's process when it is to be held at its start; null leaves them to image and settings. */
  readonly held: readonly string[] | null;
}

/** An app's container as the engine has it. */
export interface AppContainer {
  readonly id: string;
  readonly environmentId: string;
  readonly deploymentId: string;
  readonly slot: number;
  /** Engine's Id of its image. */
  readonly imageId: string;
  readonly running: boolean;
  /** Epoch s. */
  readonly created: number;
  /** Names of its variables that hold secrets. */
  readonly secretNames: readonly string[];
  /** Whether it was made to be held at its start. */
  readonly held: boolean;
}

/** Containers behind a router: those of one environment, or of all. */
export async function listApps(
  engine: Engine,
  routerDir: string,
  environmentId?: string,
): Promise<readonly AppContainer[]> {
  const label = [`${APP_LABELS.router}=${routerDir}`];
  if (environmentId !== undefined) label.push(`${APP_LABELS.environment}=${environmentId}`);
  const found = await callEngine(() => engine.docker.listContainers({ all: true, filters: { label } }));
  return found.map((container) => ({
    id: container.Id,
    environmentId: container.Labels[APP_LABELS.environment] ?? '',
    deploymentId: container.Labels[APP_LABELS.deployment] ?? '',
    slot: Number(container.Labels[APP_LABELS.slot]),
    imageId: container.ImageID,
    running: container.State === 'running',
    created: container.Created,
    secretNames: (container.Labels[APP_LABELS.secrets] ?? '').split(',').filter((name) => name !== ''),
    held: container.Labels[APP_LABELS.start] === 'held',
  }));
}

/**
 * Creates the container of a slot, not started, on the slot's address. It does not restart by itself yet, so that
 * an app that ends at its start is seen at once; {@link keepRunning} changes that.
 */
export async function createApp(engine: Engine, spec: AppSpec): Promise<string> {
  const container = await callEngine(() => engine.docker.createContainer(request(spec)));
  return container.id;
}

/** From now on the engine starts the app again whenever it ends, until it is stopped on purpose. */
export async function keepRunning(engine: Engine, id: string): Promise<void> {
  await callEngine(() =>
    engine.docker.getContainer(id).update({ RestartPolicy: { Name: 'unless-stopped' } }),
  );
}

/** Stops politely (SIGTERM, then after `graceMs` KILL), has its log sealed, and removes; silent when it is gone. */
export async function removeApp(
  { engine, sealLog }: Pick<DeployTools, 'engine' | 'sealLog'>,
  app: AppContainer,
  graceMs: number,
): Promise<void> {
  const container = engine.docker.getContainer(app.id);
  await unlessGone(() => container.stop({ t: Math.ceil(graceMs / 1000) })).catch(unlessStopped);
  await sealLog(app);
  await engine.removeContainer(app.id);
}

/** The app's last lines, stdout and stderr as they came. */
export async function lastLines(engine: Engine, id: string, count: number): Promise<readonly string[]> {
  const output = await callEngine(() =>
    engine.docker.getContainer(id).logs({ stdout: true, stderr: true, tail: count }),
  );
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of demultiplex(once(output))) chunks.push(bytes);
  const text = Buffer.concat(chunks).toString('utf8').trimEnd();
  return text === '' ? [] : text.split('\n').slice(-count);
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** 304: it does not run. */
function unlessStopped(error: unknown): void {
  if (refusalStatus(error) !== 304) throw error;
}

function request(spec: AppSpec): Dockerode.ContainerCreateOptions {
  const { environment, slot, release, deploymentId } = spec;
  const { settings } = release;
  return {
    name: `slipway-app-${deploymentId}`,
    Image: release.imageReference,
    Labels: {
      [APP_LABELS.environment]: environment.id,
      [APP_LABELS.slot]: String(slot.index),
      [APP_LABELS.deployment]: deploymentId,
      [APP_LABELS.router]: spec.routerDir,
      [APP_LABELS.secrets]: spec.secretNames.join(','),
      [APP_LABELS.start]: spec.held === null ? 'plain' : 'held',
    },
    Env: variables(spec.variables),
    ...command(spec),
    NetworkingConfig: {
      EndpointsConfig: { [spec.networkName]: { IPAMConfig: { IPv4Address: slot.address } } },
    },
    HostConfig: {
      Init: true,
      NetworkMode: spec.networkName,
      SecurityOpt: ['no-new-privileges'],
      // Apps share a network: without raw packets none can pass itself off as another.
      CapDrop: DROPPED_CAPABILITIES,
      PidsLimit: LIMITS.pids,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '50m', 'max-file': '2' } },
      ...resources(release),
      Mounts: settings.volumes.map(({ name, path }) => ({
        Type: 'volume' as const,
        Source: volumeName(environment.id, name),
        Target: path,
        ReadOnly: false,
        VolumeOptions: {
          NoCopy: false,
          Labels: { [APP_LABELS.environment]: environment.id },
          DriverConfig: { Name: 'local', Options: {} },
        },
      })),
    },
  };
}

/** The latch listens on stdin, which stays open whoever comes and leaves: an earlier deployer may be dead. */
function command({ held, release }: AppSpec): Partial<Dockerode.ContainerCreateOptions> {
  if (held !== null) return { Entrypoint: [LATCH], Cmd: [...held], OpenStdin: true, StdinOnce: false };
  const { command: words } = release.settings;
  return words.length === 0 ? {} : { Cmd: [...words] };
}

function resources({ settings }: AppSpec['release']): Dockerode.HostConfig {
  const { memoryBytes, cpus } = settings.resources;
  return {
    ...(memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
  };
}

/** A volume belongs to its environment: releases share it, environments do not. */
export function volumeName(environmentId: string, name: string): string {
  return `slipway-${environmentId}-${name}`;
}
