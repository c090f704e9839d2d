import type Dockerode from 'dockerode';
import type { Attachment } from './attach.ts';
import type { ContainerFacts } from './inspect-container.ts';
import type { ContainerSpec } from './create-container.ts';
import type { EngineEvents } from './events.ts';
import type { ExecEnd, ExecSpec, ExecStream } from './exec.ts';
import type { ImageRemoval } from './image-removals.ts';
import type { ImageFacts } from './inspect-image.ts';
import type { EngineFacts } from './engine-facts.ts';
import type { NetworkSpec, NetworkFacts } from './network.ts';
import type { Owned, UnlabelledVolume } from './list-owned.ts';
import type { RegistryLogin } from './pull-image.ts';
import type { RunResult } from './run.ts';

/**
 * A container engine: what builds need of it and no more. The API's version is never pinned, so the engine
 * answers with its own. Removing what is gone is a success; anything else that fails throws dockerode's error,
 * or {@link EngineLost} when the engine cannot be reached. Calls may run side by side.
 */
export interface Engine {
  /** As in DOCKER_HOST, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** The client underneath, for what this interface has no word for (push, load, save). */
  readonly docker: Dockerode;
  /** `oom`, `die` and `exec_die` as they happen, over one connection. */
  readonly events: EngineEvents;

  /** Whether the engine answers a new connection within `timeoutMs` (2 s). */
  isUp(timeoutMs?: number): Promise<boolean>;
  /** While a process of ours talks to the engine by itself: `onLost` is called when that is lost. Returns what ends it. */
  hold(onLost: () => void): () => void;
  facts(): Promise<EngineFacts>;

  /** Null when the engine has no such image. It waits for removals of ours that could still take the image along. */
  inspectImage(reference: string): Promise<ImageFacts | null>;
  /** Takes a name (tag, or repository and digest) away; the image goes with its last one. */
  removeImage(name: string): Promise<ImageRemoval>;
  /** Reads the engine's stream to its end; a failure told inside of it is thrown, and so is a registry gone silent. */
  pullImage(
    reference: string,
    login: RegistryLogin | null,
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void>;

  /** Makes an image of one layer from a tar archive of its file system. */
  importImage(name: { readonly repository: string; readonly tag: string }, tar: Buffer): Promise<void>;

  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** @throws {@link SubnetTaken} when the engine has a network there already. */
  createNetwork(spec: NetworkSpec): Promise<void>;
  listNetworks(): Promise<readonly NetworkFacts[]>;
  removeNetwork(name: string): Promise<void>;

  /** Returns the container's id. */
  createContainer(spec: ContainerSpec): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Null when there is none. */
  inspectContainer(id: string): Promise<ContainerFacts | null>;
  /** Sends `signal` (KILL) to the main process; silent when it does not run. */
  killContainer(id: string, signal?: string): Promise<void>;
  /** Kills and removes, with its anonymous volumes; waits until it is gone, also when the engine removes it already. */
  removeContainer(id: string): Promise<void>;
  /** Holds the main process's stdin, stdout and stderr; attach before the start, or the first output is missed. */
  attach(id: string): Promise<Attachment>;
  /** Unpacks a tar archive into a directory of a container, running or not; rejects as soon as `signal` aborts. */
  putArchive(
    id: string,
    directory: string,
    tar: NodeJS.ReadableStream | Buffer,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Whether the container's file system has a file of that path. */
  hasFile(id: string, path: string): Promise<boolean>;

  /** Starts a process in a running container; resolves when its output flows. */
  exec(id: string, spec: ExecSpec): Promise<ExecStream>;
  /** Null when the engine knows no such exec (its container is gone). */
  inspectExec(execId: string): Promise<ExecEnd | null>;
  /** Waits until the engine knows the exit code; null when the container is gone. */
  exitCodeOf(execId: string): Promise<number | null>;
  /** Runs a process to its end and keeps the last of its output, stdout and stderr together. */
  run(id: string, spec: ExecSpec): Promise<RunResult>;

  /** Containers, networks and volumes that carry every one of the labels (`key=value`, or `key` alone). */
  listOwned(labels: readonly string[]): Promise<Owned>;
  /** Volumes that have no label and no container, by the begin of their name: a create that the engine's end cut off. */
  listUnlabelledVolumes(prefix: string): Promise<readonly UnlabelledVolume[]>;
  /** Ends the events' connection. Nothing in the engine changes. */
  close(): void;
}
