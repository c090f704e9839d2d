import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { naming } from './as-problem.ts';

/** What was read of a file. */
export interface Content {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

const CHUNK = 1024 * 1024;

/**
 * Copies what the file holds now into a new one that only its owner may read; past fsync when this resolves. What is
 * appended meanwhile is left out. Null when there is no such file.
 */
export async function copyFile(from: string, to: string): Promise<Content | null> {
  const source = await openThere(from);
  if (source === null) return null;
  try {
    const target = await open(to, 'wx', 0o600);
    try {
      const content = await readThrough(source, (chunk) => target.appendFile(chunk).catch(naming(to)));
      await target.sync().catch(naming(to));
      return content;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Reads a file for its length and checksum; null when there is none. */
export async function measureFile(file: string): Promise<Content | null> {
  const source = await openThere(file);
  if (source === null) return null;
  try {
    return await readThrough(source, async () => undefined).catch(naming(file));
  } finally {
    await source.close();
  }
}

/** Null where there is none. A pipe, which could be waited for without end, is no file, and neither is a link. */
async function openThere(file: string): Promise<FileHandle | null> {
  try {
    const source = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await source.stat()).isFile()) return source;
    await source.close();
    throw new Error(`${file} is no file`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Up to the length that the file has at the beginning, or to its end where it is cut meanwhile. */
async function readThrough(file: FileHandle, take: (chunk: Buffer) => Promise<void>): Promise<Content> {
  const { size } = await file.stat();
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, size)));
  let bytes = 0;
  while (bytes < size) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - bytes), bytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await take(chunk);
    bytes += bytesRead;
  }
  return { bytes, sha256: hash.digest('hex') };
}
