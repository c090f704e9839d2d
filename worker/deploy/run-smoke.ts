import type { Release } from '../../src/core/deployment.ts';
import { LIMITS, SIZES } from '../../config/times.ts';
import type { Engine } from '../engine/engine.ts';
import type { LogSink } from '../log-sink.ts';
import { badOutcome, type BadOutcome } from '../outcome.ts';
import { stepScript } from '../steps/step-script.ts';

export interface SmokeRun {
  readonly engine: Engine;
  readonly name: string;
  readonly release: Release;
  /** See {@link onFetchedImage}. */
  readonly onImage: (create: () => Promise<string>) => Promise<string>;
  readonly smoke: NonNullable<Release['settings']['smoke']>;
  readonly variables: Readonly<Record<string, string>>;
  /** With the lease in them, so that the reaper finds what a dead worker left. */
  readonly labels: Readonly<Record<string, string>>;
  readonly networkName: string;
  readonly candidateUrl: string;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

/**
 * Runs the smoke commands in the image that ships, beside the candidate, which they reach under
 * SLIPWAY_CANDIDATE_URL. Null when they pass. The container is gone when this settles.
 */
export async function runSmoke(run: SmokeRun): Promise<BadOutcome | null> {
  const { engine, smoke } = run;
  await engine.removeContainer(run.name);
  const id = await run.onImage(() => createSmoke(run));
  const late = AbortSignal.timeout(smoke.timeoutMs);
  const kill = () => void engine.killContainer(id).catch(() => undefined);
  const ends = AbortSignal.any([late, run.signal]);
  ends.addEventListener('abort', kill, { once: true });
  try {
    const attachment = await engine.attach(id);
    await engine.startContainer(id);
    if (ends.aborted) kill();
    for await (const { stream, bytes } of attachment.output) await run.log.write(stream, bytes);
    const { StatusCode: exitCode } = (await engine.docker.getContainer(id).wait()) as { StatusCode: number };
    run.signal.throwIfAborted();
    if (late.aborted) return badOutcome('smoke_test_timed_out', { seconds: smoke.timeoutMs / 1000 });
    return exitCode === 0 ? null : badOutcome('smoke_test_failed', { exitCode });
  } finally {
    ends.removeEventListener('abort', kill);
    await engine.removeContainer(id);
  }
}

function createSmoke({ engine, smoke, ...run }: SmokeRun): Promise<string> {
  return engine.createContainer({
    name: run.name,
    image: run.release.imageReference,
    labels: run.labels,
    entrypoint: ['/bin/sh', '-e', '-c'],
    command: [stepScript(smoke.commands)],
    environment: { ...run.variables, SLIPWAY_CANDIDATE_URL: run.candidateUrl },
    network: run.networkName,
    limits: { memoryBytes: SIZES.stepMemory, pids: LIMITS.pids, cpuShares: 1024 },
    noHealthcheck: true,
  });
}
