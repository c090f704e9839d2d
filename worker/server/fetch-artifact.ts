import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TakenArtifact } from '../../src/core/work.ts';

const BREAKS = 5;
const PAUSE_MS = 300;

/**
 * Brings an archive into `file`, all of it and none other than was told, however often its sending breaks off.
 * @param open Asks for it from its begin; rejects with what asking again would not change.
 * @throws What `open` throws; an Error when it comes broken again and again; of the disk; the signal's reason.
 */
export async function fetchArtifact(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  artifact: Pick<TakenArtifact, 'bytes' | 'digest'>,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  let cause = '';
  for (let breaks = 0; breaks < BREAKS; breaks++) {
    if (breaks > 0) await sleep(PAUSE_MS, undefined, { signal });
    const wrong = await writeOnce(await open(), artifact, file, signal);
    if (wrong === null) return;
    cause = wrong;
  }
  throw new Error(`it came broken ${BREAKS} times: ${cause}`);
}

/** What is wrong with what has come; null: nothing. */
async function writeOnce(
  content: AsyncIterable<Uint8Array>,
  { bytes, digest }: Pick<TakenArtifact, 'bytes' | 'digest'>,
  file: string,
  signal: AbortSignal,
): Promise<string | null> {
  const hash = createHash('sha256');
  let received = 0;
  const watched = new Transform({
    transform(piece: Buffer, _encoding, done) {
      received += piece.length;
      hash.update(piece);
      // More than was told is not kept.
      if (received > bytes) done(new Error('it is longer than was told'));
      else done(null, piece);
    },
  });
  try {
    const source = Readable.from(content, { objectMode: false });
    await pipeline(source, watched, createWriteStream(file, { flags: 'w', mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (isOfDisk(error)) throw error;
    return (error as Error).message;
  }
  if (received < bytes) return `${received} of ${bytes} bytes have come`;
  const came = `sha256:${hash.digest('hex')}`;
  return came === digest ? null : `its digest is ${came}, not ${digest}`;
}

const OF_DISK: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EIO', 'EROFS', 'EMFILE']);

function isOfDisk(error: unknown): boolean {
  return OF_DISK.has((error as NodeJS.ErrnoException).code);
}
