import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isId, timeOf } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import { makeFolderDurably, renameDurably, syncPath } from '../files/durable.ts';
import type { ArtifactFiles } from '../ports/artifact-files.ts';

const WHOLE = '.tar.gz';
const COMING = '.part';

/** Artifacts as files `<folder>/<yyyy-mm>/<dd>/<id>.tar.gz`, by the day of the id; `.part` instead while they come. */
export function openFileArtifacts(folder: string): ArtifactFiles {
  const place = (id: string): string => {
    if (!isId('art', id)) throw new Problem('not_found', { what: 'artifact', id: id.slice(0, 80) });
    const day = new Date(Math.min(timeOf(id), LAST_MS)).toISOString();
    return path.join(folder, day.slice(0, 7), day.slice(8, 10), id);
  };
  return {
    received: async (id) => (await sizeOf(place(id) + COMING)) ?? (await sizeOf(place(id) + WHOLE)) ?? 0,
    async write(id, offset, bytes) {
      const file = place(id) + COMING;
      await makeFolderDurably(path.dirname(file));
      const handle = await open(file, offset === 0 ? 'w' : 'r+', 0o600).catch(asFull);
      try {
        for (let at = 0; at < bytes.length;)
          at += (await handle.write(bytes, at, bytes.length - at, offset + at).catch(asFull)).bytesWritten;
      } finally {
        await handle.close();
      }
    },
    async finish(id) {
      const [coming, whole] = [place(id) + COMING, place(id) + WHOLE];
      if ((await sizeOf(coming)) !== null) {
        await syncPath(coming).catch(asFull);
        await renameDurably(coming, whole);
      }
      return digestOf(whole);
    },
    async open(id) {
      const file = place(id) + WHOLE;
      const bytes = await sizeOf(file);
      return bytes === null ? null : { bytes, content: createReadStream(file) };
    },
    async remove(id) {
      for (const ending of [COMING, WHOLE]) await rm(place(id) + ending, { force: true });
    },
    async *list() {
      for (const month of await namesIn(folder))
        for (const day of await namesIn(path.join(folder, month))) {
          const names = await namesIn(path.join(folder, month, day));
          const ids = new Set(names.map((name) => name.replace(/\.(?:tar\.gz|part)$/, '')));
          yield [...ids].filter((id) => isId('art', id));
        }
    },
  };
}

const LAST_MS = Date.UTC(9999, 11, 31);

async function digestOf(file: string): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes };
}

function asFull(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    throw new Problem('disk_full', { path: 'the artifacts' }, { cause: error });
  throw error;
}

async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch(unlessAbsent);
  return found === null ? null : found.size;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return ((await readdir(folder).catch(unlessAbsent)) ?? []).sort();
}

function unlessAbsent(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  return null;
}
