import { setTimeout as sleep } from 'node:timers/promises';
import { demultiplex } from '../engine/demultiplex.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine, EngineLost, unlessGone } from '../engine/engine-lost.ts';
import { Redactor } from '../logs/redactor.ts';
import type { LogStream } from '../../src/core/log.ts';
import type { RouterLink } from '../server/lease.ts';
import type { AppContainer } from './app-container.ts';

/** Id of the log of the app that a deployment started. */
export function appLogId(deploymentId: string): string {
  return `app_${deploymentId}`;
}

/**
 * Sends an app's output to the server until its container is gone, then seals the log. The engine keeps the output,
 * so one that begins anew masks it again from its start and leaves out what the server has already. Resolves when the
 * log is sealed, or when `signal` aborts; rejects when engine or server fail.
 */
export async function followApp(
  engine: Engine,
  link: Pick<RouterLink, 'logBytes' | 'openLog'>,
  app: AppContainer,
  signal: AbortSignal,
): Promise<void> {
  const logId = appLogId(app.deploymentId);
  const redactor = new Redactor(await secretsOf(engine, app));
  const redactors = { stdout: redactor, stderr: redactor.fork() };
  const known = await link.logBytes(logId);
  const sink = link.openLog(logId, [], known);
  let skip = known;
  const write = async (stream: LogStream, bytes: Uint8Array): Promise<void> => {
    const rest = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - rest.length;
    if (rest.length > 0) await sink.write(stream, rest);
  };
  // The stream ends with the process, or with the engine; one that starts again goes on in the same output.
  for (let raw = 0, gone = false; !gone;) {
    try {
      raw = await readOnce(engine, app.id, raw, signal, (stream, bytes) =>
        write(stream, redactors[stream].push(bytes)),
      );
      gone = !(await startsAgain(engine, app.id, signal));
    } catch (error) {
      if (!(error instanceof EngineLost) && !signal.aborted) throw error;
      await sleep(RESTART_MS);
    }
    if (signal.aborted) return;
  }
  for (const stream of ['stdout', 'stderr'] as const) await write(stream, redactors[stream].end());
  await sink.end();
}

/** Reads the container's output from byte `from` on until the process ends; returns how far it came. */
async function readOnce(
  engine: Engine,
  id: string,
  from: number,
  signal: AbortSignal,
  take: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  let at = 0;
  const output = await callEngine(() =>
    engine.docker.getContainer(id).logs({ follow: true, stdout: true, stderr: true, abortSignal: signal }),
  );
  for await (const { stream, bytes } of demultiplex(buffers(output))) {
    const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, from - at)));
    at += bytes.length;
    if (fresh.length > 0) await take(stream, fresh);
  }
  return Math.max(at, from);
}

async function* buffers(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield Buffer.from(chunk);
}

/** Waits while the container is there but does not run; false when it is gone. */
async function startsAgain(engine: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const facts = await engine.inspectContainer(id);
    if (facts === null) return false;
    if (facts.running) return true;
    await sleep(RESTART_MS);
  }
  return false;
}

const RESTART_MS = 500;

/** The values that the app got of secrets. */
async function secretsOf(engine: Engine, app: AppContainer): Promise<string[]> {
  let variables: readonly string[] = [];
  await unlessGone(async () => {
    variables = (await engine.docker.getContainer(app.id).inspect()).Config.Env;
  });
  return app.secretNames.flatMap((name) => {
    const found = variables.find((variable) => variable.startsWith(`${name}=`));
    return found === undefined ? [] : [found.slice(name.length + 1)];
  });
}
