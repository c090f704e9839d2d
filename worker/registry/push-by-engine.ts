import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { limit } from '../../src/registry/limits.ts';
import type { RegistryCredentials } from '../../src/registry/registry.ts';
import { callEngine, EngineLost } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import type { LogSink } from '../log-sink.ts';
import { formatBytes } from './format-bytes.ts';
import { readPushMessages, type PushMessages } from './push-messages.ts';

export interface EnginePush {
  readonly engine: Pick<Engine, 'docker'>;
  readonly host: string;
  /** Without host. */
  readonly repository: string;
  readonly tag: string;
  readonly credentials: RegistryCredentials | null;
  /** The engine says nothing for this long: no byte moves, in either direction. */
  readonly idleMs: number;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

const PAUSES_MS = [1_000, 4_000];
const SAY_EVERY_MS = 5_000;

/**
 * Has the engine push a local tag, and returns what its stream told, read to the end. Tried three times in all; the
 * engine itself tries each layer five times.
 * @throws Problem `registry_failed`; EngineLost.
 */
export async function pushByEngine(push: EnginePush): Promise<PushMessages & { readonly digest: string }> {
  for (const pauseMs of PAUSES_MS) {
    const messages = await pushOnce(push);
    if (isDone(messages)) return messages;
    if (isRefusal(messages.error ?? '')) throw failed(push, messages);
    await push.log.say(`The push failed (${messages.error ?? 'no digest came'}); trying again`);
    await sleep(pauseMs, undefined, { signal: push.signal });
  }
  const messages = await pushOnce(push);
  if (isDone(messages)) return messages;
  throw failed(push, messages);
}

/** An engine waits for a registry for as long as their connection stands: it is told to stop when nothing moves. */
async function pushOnce(push: EnginePush): Promise<PushMessages> {
  const idle = limit({ totalMs: null, idleMs: push.idleMs });
  try {
    return await followPush({ ...push, signal: AbortSignal.any([push.signal, idle.signal]) }, idle.moved);
  } catch (error) {
    if (push.signal.aborted || !idle.signal.aborted) throw error;
    return { ...readPushMessages(), error: (idle.signal.reason as Error).message };
  } finally {
    idle.end();
  }
}

async function followPush(
  { engine, host, repository, tag, credentials, log, signal }: EnginePush,
  moved: () => void,
): Promise<PushMessages> {
  const image = engine.docker.getImage(`${host}/${repository}`);
  const messages = readPushMessages();
  // Older engines refuse a push without a login.
  const authconfig = { serveraddress: host, username: '', password: '', ...credentials };
  const stream = await callEngine(() => image.push({ tag, authconfig, abortSignal: signal }));
  let saidMs = performance.now();
  for await (const line of linesOf(stream)) {
    moved();
    const words = messages.readLine(line);
    if (words !== null) await log.say(words);
    if (performance.now() - saidMs > SAY_EVERY_MS) {
      saidMs = performance.now();
      const { current, total } = messages.progress;
      await log.say(`${formatBytes(current)} of ${formatBytes(total)}`);
    }
  }
  signal.throwIfAborted();
  return messages;
}

/** The stream's lines; a connection that breaks before its end is the engine's loss. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: stream });
  } catch (error) {
    throw new EngineLost(`the engine broke the push off: ${String(error)}`, { cause: error });
  }
}

function isDone(messages: PushMessages): messages is PushMessages & { readonly digest: string } {
  return messages.error === null && messages.digest !== null;
}

/** The engine's words for answers that another try will not change. */
function isRefusal(error: string): boolean {
  return /denied|unauthorized|authentication required|no basic auth|invalid repository|name invalid/i.test(
    error,
  );
}

function failed({ host, repository, tag }: EnginePush, messages: PushMessages): Problem {
  return new Problem('registry_failed', {
    host,
    status: 'an error',
    request: `push ${repository}:${tag}`,
    cause: messages.error ?? 'the engine named no digest',
  });
}
