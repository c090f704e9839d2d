import type Dockerode from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine } from './engine-lost.ts';

/** The machine an engine runs on. */
export interface EngineFacts {
  readonly version: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** As the engine says it, e.g. `x86_64`. */
  readonly architecture: string;
  /** Where it keeps images, containers and volumes, with links resolved. */
  readonly folder: string;
}

export async function engineFacts(docker: Dockerode): Promise<EngineFacts> {
  const info = (await callEngine(() => docker.info())) as {
    ServerVersion: string;
    MemTotal: number;
    NCPU: number;
    Architecture: string;
    DockerRootDir: string;
  };
  return {
    version: info.ServerVersion,
    memoryBytes: info.MemTotal,
    cpus: info.NCPU,
    architecture: info.Architecture,
    folder: info.DockerRootDir,
  };
}

/** Whether the engine answers a ping in time. */
export async function isUp(docker: Dockerode, timeoutMs: number): Promise<boolean> {
  const answer = docker.ping().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, sleep(timeoutMs, false, { ref: false })]);
}
