import type Dockerode from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine, refusalStatus, refusalText } from './engine-lost.ts';

export interface ImageFacts {
  readonly id: string;
  /** `repository@sha256:…` for each registry that it is known to be from; a name on Docker Hub is short. */
  readonly repoDigests: readonly string[];
  /** `os/architecture`, e.g. `linux/amd64`. */
  readonly platform: string;
  /** `NAME=value`. */
  readonly environment: readonly string[];
  /** Empty when the image names none. */
  readonly workingDirectory: string;
  /** Words that come before those of the command; empty when the image names none. */
  readonly entrypoint: readonly string[];
  /** Empty when the image names none. */
  readonly command: readonly string[];
  /** TCP ports that it exposes, ascending. */
  readonly tcpPorts: readonly number[];
  readonly healthcheck: Healthcheck | null;
  /** Unpacked. */
  readonly sizeBytes: number;
  /** Digests of what the layers unpack to, the lowest first. */
  readonly layerIds: readonly string[];
}

/** The command of an image's HEALTHCHECK: ready for exec, or a line for a shell. */
export type Healthcheck =
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'shell'; readonly command: string };

/** For so long an image may be on its way out. */
const GOING_MS = 10_000;

/** What an image says of itself; null when the engine has no such image. */
export async function inspectImage(docker: Dockerode, reference: string): Promise<ImageFacts | null> {
  const endMs = performance.now() + GOING_MS;
  for (;;)
    try {
      return await lookAt(docker, reference);
    } catch (error) {
      if (!isGoing(error) || performance.now() > endMs) throw error;
      await sleep(20);
    }
}

/** An engine that removes an image fails for a moment to say anything of it. */
function isGoing(error: unknown): boolean {
  return refusalStatus(error) === 500 && refusalText(error).includes('layer does not exist');
}

async function lookAt(docker: Dockerode, reference: string): Promise<ImageFacts | null> {
  try {
    const facts = await callEngine(() => docker.getImage(reference).inspect());
    return {
      id: facts.Id,
      repoDigests: facts.RepoDigests ?? [],
      platform: `${facts.Os}/${facts.Architecture}`,
      environment: facts.Config.Env ?? [],
      workingDirectory: facts.Config.WorkingDir,
      entrypoint: [facts.Config.Entrypoint ?? []].flat(),
      command: [facts.Config.Cmd ?? []].flat(),
      tcpPorts: tcpPorts(Object.keys(facts.Config.ExposedPorts ?? {})),
      healthcheck: healthcheck(facts.Config.Healthcheck?.Test ?? []),
      sizeBytes: facts.Size,
      layerIds: facts.RootFS.Layers ?? [],
    };
  } catch (error) {
    if (refusalStatus(error) === 404) return null;
    throw error;
  }
}

/** From `5432/tcp` and the like. */
export function tcpPorts(exposed: readonly string[]): number[] {
  return exposed
    .filter((port) => /^\d+(\/tcp)?$/.test(port))
    .map((port) => Number.parseInt(port, 10))
    .sort((a, b) => a - b);
}

/** From `Test` of the OCI image's HEALTHCHECK: `["CMD", …]`, `["CMD-SHELL", line]`, `["NONE"]` or empty. */
export function healthcheck(test: readonly string[]): Healthcheck | null {
  const [kind, ...rest] = test;
  if (kind === 'CMD' && rest.length > 0) return { kind: 'command', command: rest };
  if (kind === 'CMD-SHELL' && rest[0] !== undefined) return { kind: 'shell', command: rest[0] };
  return null;
}
