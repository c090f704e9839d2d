import { setTimeout as sleep } from 'node:timers/promises';
import { demultiplex } from '../engine/demultiplex.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine, EngineLost, refusalStatus, unlessGone } from '../engine/engine-lost.ts';
import { Redactor } from '../logs/redactor.ts';
import type { LogStream } from '../../src/core/log.ts';
import type { RouterLink } from '../server/lease.ts';
import { APP_LABELS, type AppContainer } from './app-container.ts';

/** Id of the log of the app that a deployment started. */
export function appLogId(deploymentId: string): string {
  return `app_${deploymentId}`;
}

export interface FollowSignals {
  /** Nothing is read any more, and the log stays as it is. */
  readonly end: AbortSignal;
  /** The app was stopped for good: what ends does not start again. */
  readonly stopped: AbortSignal;
}

/**
 * Sends an app's output to the server until its container is gone or was stopped for good, then seals the log. The engine
 * keeps the output, so one that begins anew masks it again from its start and leaves out what the server has already.
 * Resolves when the log is sealed, or at `end`; rejects when engine or server fail.
 */
export async function followApp(
  engine: Engine,
  link: Pick<RouterLink, 'logBytes' | 'openLog'>,
  app: AppContainer,
  { end: signal, stopped }: FollowSignals,
): Promise<void> {
  const logId = appLogId(app.deploymentId);
  const secrets = await onceThere(() => secretsOf(engine, app, signal), signal);
  if (signal.aborted) return;
  const redactor = new Redactor(secrets ?? []);
  const redactors = { stdout: redactor, stderr: redactor.fork() };
  const known = await link.logBytes(logId);
  const sink = link.openLog(logId, [], known);
  let skip = known;
  const write = async (stream: LogStream, bytes: Uint8Array): Promise<void> => {
    const rest = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - rest.length;
    if (rest.length > 0) await sink.write(stream, rest);
  };
  let read = 0;
  const take = (stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> => {
    // Counted as it is taken: the engine may break off after any piece, and then gives all of it again.
    read += bytes.length;
    return write(stream, redactors[stream].push(bytes));
  };
  // The stream ends with the process, or with the engine; one that starts again goes on in the same output.
  const readToEnd = async (): Promise<boolean> => {
    const isLast = stopped.aborted;
    await readOnce(engine, app.id, read, signal, take).catch(unlessRemoved);
    return isLast || !(await goesOn(engine, app.id, AbortSignal.any([signal, stopped])));
  };
  // Without a container there is nothing to read, nor what it would be masked by.
  if (secrets !== null) while (!(await onceThere(readToEnd, signal))) if (signal.aborted) return;
  if (signal.aborted) return;
  for (const stream of ['stdout', 'stderr'] as const) await write(stream, redactors[stream].end());
  await sink.end();
}

/** What `ask` says, once the engine is there; null when `signal` aborts. */
async function onceThere<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) return null;
      if (!(error instanceof EngineLost)) throw error;
      await sleep(RESTART_MS);
    }
  }
  return null;
}

/** Reads the container's output from byte `from` on until the process ends. */
async function readOnce(
  engine: Engine,
  id: string,
  from: number,
  signal: AbortSignal,
  take: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let at = 0;
  const output = await callEngine(() =>
    engine.docker.getContainer(id).logs({ follow: true, stdout: true, stderr: true, abortSignal: signal }),
  );
  for await (const { stream, bytes } of demultiplex(buffers(output))) {
    const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, from - at)));
    at += bytes.length;
    if (fresh.length > 0) await take(stream, fresh);
  }
}

/** 404: the container is gone; 409: it is about to be. */
function unlessRemoved(error: unknown): void {
  const status = refusalStatus(error);
  if (status !== 404 && status !== 409) throw error;
}

async function* buffers(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield Buffer.from(chunk);
}

/** Waits while the container is there but does not run; false when it is gone, true also when `until` aborts. */
async function goesOn(engine: Engine, id: string, until: AbortSignal): Promise<boolean> {
  while (!until.aborted) {
    const facts = await engine.inspectContainer(id);
    if (facts === null) return false;
    if (facts.running) return true;
    await sleep(RESTART_MS, undefined, { signal: until }).catch(() => undefined);
  }
  return true;
}

const RESTART_MS = 500;

/**
 * The values that the app got of secrets; null when its container is gone. An engine lists a container before it knows it, and
 * one that is about to be removed a little longer (20.10: one in six, while it made them as fast as it could).
 * @throws Error where one is not there: what the app writes could not be masked.
 */
async function secretsOf(engine: Engine, app: AppContainer, signal: AbortSignal): Promise<string[] | null> {
  for (; ; await sleep(LISTED_MS)) {
    signal.throwIfAborted();
    const variables = await variablesOf(engine, app.id);
    if (variables !== null) return app.secretNames.map((name) => valueOf(variables, name));
    if (!(await isListed(engine, app))) return null;
  }
}

const LISTED_MS = 50;

async function variablesOf(engine: Engine, id: string): Promise<readonly string[] | null> {
  let variables: readonly string[] | null = null;
  await unlessGone(async () => {
    variables = (await engine.docker.getContainer(id).inspect()).Config.Env;
  });
  return variables;
}

/** By its label: what the engine does not know yet it does not find by an id either (20.10: two of eight). */
async function isListed(engine: Engine, { id, deploymentId }: AppContainer): Promise<boolean> {
  const filters = { label: [`${APP_LABELS.deployment}=${deploymentId}`] };
  const found = await callEngine(() => engine.docker.listContainers({ all: true, filters }));
  return found.some(({ Id }) => Id === id);
}

function valueOf(variables: readonly string[], name: string): string {
  const found = variables.find((variable) => variable.startsWith(`${name}=`));
  if (found === undefined)
    throw new Error(`the app has no variable ${name}, which its log would be masked by`);
  return found.slice(name.length + 1);
}
