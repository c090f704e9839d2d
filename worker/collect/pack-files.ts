import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { endOfTar, tarHeader, tarPadding } from '../engine/tar.ts';
import { NotCollected, readFiles, type FilesPlace } from './collect-files.ts';

/** On the worker's disk, whatever the server takes. */
const MOST_BYTES = 16 * 1024 ** 3;

export interface Packed {
  readonly files: number;
  /** Of the archive. */
  readonly bytes: number;
  /** Of the archive, `sha256:…`. */
  readonly digest: string;
}

/**
 * Writes the named files of a container as a gzipped tar archive to `file`, which must not be there. Only files and
 * further names of them are in it, with their permissions and as root's; nothing of their owners or times.
 * @throws NotCollected, TarWrong, EngineLost; the signal's reason.
 */
export async function packFiles(place: FilesPlace, names: readonly string[], file: string): Promise<Packed> {
  const hash = createHash('sha256');
  let written = 0;
  const watched = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      written += piece.length;
      done(written > MOST_BYTES ? new NotCollected('it is larger than 16 GiB') : null, piece);
    },
  });
  const counted = { files: 0 };
  await pipeline(
    Readable.from(archiveOf(place, names, counted), { objectMode: false }),
    createGzip({ level: 6 }),
    watched,
    createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    { signal: place.signal },
  );
  const { size } = await stat(file);
  return { files: counted.files, bytes: size, digest: `sha256:${hash.digest('hex')}` };
}

async function* archiveOf(
  place: FilesPlace,
  names: readonly string[],
  counted: { files: number },
): AsyncGenerator<Buffer, void, void> {
  const packed = new Set<string>();
  for await (const { type, name, mode, bytes, linkName, content } of readFiles(place, names)) {
    // Another name of what is not in the archive would be one of anything.
    if (type === 'link' && !packed.has(linkName)) continue;
    packed.add(name);
    counted.files += 1;
    const isLink = type === 'link';
    yield tarHeader({ name, mode: mode & 0o777, bytes, linkName: isLink ? linkName : null });
    if (isLink) continue;
    for await (const piece of content) yield piece;
    yield tarPadding(bytes);
  }
  yield endOfTar();
}
