import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { parseImageReference } from '../../src/registry/image-reference.ts';
import type { RegistryCredentials } from '../../src/registry/registry.ts';
import { refusalText } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import type { LogSink } from '../log-sink.ts';

export interface EnsureImage {
  readonly engine: Pick<Engine, 'inspectImage' | 'pullImage'>;
  /** `host/repository@sha256:…`. */
  readonly reference: string;
  /** Engine's Id that it must have; see `Release.imageId`. */
  readonly imageId: string;
  readonly credentials: RegistryCredentials | null;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

const PAUSES_MS = [500, 2_000, 8_000];

/**
 * Makes sure that the engine holds the image of a digest, pulling what is missing, and returns its Id there:
 * create containers from that Id. An image that is there is not asked for again.
 * @throws Problem `digest_mismatch` when it is another image, `registry_failed` when it cannot be pulled.
 */
export async function ensureImage(work: EnsureImage): Promise<string> {
  const parsed = parseImageReference(work.reference);
  if (parsed?.digest === undefined || parsed.digest === null)
    throw new Problem('request_wrong', { field: 'image', cause: `${work.reference} names no digest` });
  const seen = (await findId(work)) ?? (await pull(work, parsed.host));
  // An engine with another kind of image store gives another Id: there it is the digest.
  if (seen === work.imageId || seen === parsed.digest) return seen;
  throw new Problem('digest_mismatch', {
    what: `The image of ${work.reference} in the engine`,
    seen,
    expected: work.imageId,
  });
}

async function findId({ engine, reference }: EnsureImage): Promise<string | null> {
  return (await engine.inspectImage(reference))?.id ?? null;
}

/** Pulls until the engine has it; returns its Id there. */
async function pull(work: EnsureImage, host: string): Promise<string> {
  const { reference, log, signal } = work;
  for (let number = 0; ; number++) {
    await log.say(`Pulling ${reference}`);
    const { id, cause } = await tryPull(work);
    if (id !== null) return id;
    const pauseMs = PAUSES_MS[number];
    if (pauseMs === undefined || /denied|unauthorized|manifest unknown|no basic auth/i.test(cause))
      throw new Problem('registry_failed', {
        host,
        status: 'an error',
        request: `pull ${reference}`,
        cause,
      });
    await log.say(`The pull failed (${cause}); trying again`);
    await sleep(pauseMs, undefined, { signal });
  }
}

type Pulled = { readonly id: string; readonly cause: null } | { readonly id: null; readonly cause: string };

async function tryPull(work: EnsureImage): Promise<Pulled> {
  const { engine, reference, credentials, log, signal } = work;
  // A log that is over refuses: the pull's own end tells why.
  const onLine = (line: string): void => void log.say(line).catch(() => undefined);
  try {
    await engine.pullImage(reference, credentials, onLine, signal);
    const id = await findId(work);
    return id === null ? { id, cause: 'the image was removed meanwhile' } : { id, cause: null };
  } catch (error) {
    signal.throwIfAborted();
    return { id: null, cause: refusalText(error) };
  }
}
