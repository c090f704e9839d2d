import { createReadStream } from 'node:fs';
import { chmod, link, lstat, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ARTIFACT_LIMITS } from '../../src/core/artifact.ts';
import { readTar, type TarEntry } from '../engine/read-tar.ts';

/** It is not for this folder; the message is a sentence for the step's log, without a full stop. */
export class NotUnpacked extends Error {
  override readonly name = 'NotUnpacked';
}

/** Where archives are unpacked, one after the other, and what all of them have come to. */
export interface Unpacking {
  /** Absolute; nobody else writes there meanwhile. */
  readonly directory: string;
  files: number;
  bytes: number;
  /** By each file from `directory`: the owner of the archive that it came of. */
  readonly owners: Map<string, string>;
  /** Folders that are known to be there, and no links. */
  readonly folders: Set<string>;
}

export const unpackingInto = (directory: string): Unpacking => ({
  directory,
  files: 0,
  bytes: 0,
  owners: new Map(),
  folders: new Set(),
});

export interface Archive {
  /** A gzipped tar archive. Who made it is not trusted. */
  readonly file: string;
  /** Folder below the directory that its names count from; `.` is the directory. */
  readonly below: string;
  /** A file of one owner is never written over by one of another; of one owner the later counts. */
  readonly owner: string;
  readonly signal: AbortSignal;
}

/**
 * Unpacks an archive, as it is read: files alone, each new, with its permissions. What stood at a file's name is replaced,
 * never written into; nothing is written through a link, outside of the folder, or into a `.git`. Gives the number of files.
 * @throws {@link NotUnpacked}; TarWrong, or an Error of zlib or the disk; the signal's reason.
 */
export async function unpackFiles(unpacking: Unpacking, archive: Archive): Promise<number> {
  const before = unpacking.files;
  const own = new Set<string>();
  await pipeline(
    createReadStream(archive.file),
    createGunzip(),
    async (content: AsyncIterable<Uint8Array>) => {
      for await (const entry of readTar(content)) {
        archive.signal.throwIfAborted();
        const name = nameIn(archive.below, entry.name);
        await unpackOne(unpacking, entry, { name, archive, own });
        own.add(name);
      }
    },
    { signal: archive.signal },
  );
  return unpacking.files - before;
}

interface Place {
  readonly name: string;
  readonly archive: Archive;
  /** Names that this archive has unpacked. */
  readonly own: ReadonlySet<string>;
}

async function unpackOne(
  unpacking: Unpacking,
  entry: TarEntry,
  { name, archive, own }: Place,
): Promise<void> {
  const { directory, owners } = unpacking;
  const { owner, below } = archive;
  if (entry.type !== 'file' && entry.type !== 'link') throw new NotUnpacked(`${name} is no file`);
  const other = owners.get(name) ?? owner;
  if (other !== owner)
    throw new NotUnpacked(
      `${name} is in artifacts of ${other} and of ${owner}: write a \`path\` for one of them`,
    );
  unpacking.files += 1;
  unpacking.bytes += entry.bytes;
  if (unpacking.files > ARTIFACT_LIMITS.takenFiles)
    throw new NotUnpacked(`a workflow takes at most ${ARTIFACT_LIMITS.takenFiles} files`);
  if (unpacking.bytes > ARTIFACT_LIMITS.takenBytes)
    throw new NotUnpacked(`a workflow takes at most ${ARTIFACT_LIMITS.takenBytes} bytes, unpacked`);
  await makeFolders(unpacking, path.posix.dirname(name));
  const target = path.join(directory, name);
  await makeRoom(target, name);
  owners.set(name, owner);
  if (entry.type === 'link') {
    const linked = nameIn(below, entry.linkName);
    if (!own.has(linked)) throw new NotUnpacked(`${name} is another name of ${linked}, which is not in it`);
    return link(path.join(directory, linked), target);
  }
  const handle = await open(target, 'wx', 0o600);
  try {
    for await (const piece of entry.content) await handle.writeFile(piece);
  } finally {
    await handle.close();
  }
  await chmod(target, entry.mode & 0o777);
}

/** @throws NotUnpacked for a name that is not one of a file in the folder, or is one of git's own. */
function nameIn(below: string, told: string): string {
  const parts = told.split('/').filter((part) => part !== '' && part !== '.');
  const all = [...below.split('/').filter((part) => part !== '.'), ...parts];
  const isInside = !told.startsWith('/') && parts.length > 0 && !parts.includes('..');
  if (!isInside || /\p{Cc}/u.test(told))
    throw new NotUnpacked(`${JSON.stringify(told.slice(0, 200))} is no name of a file in the workspace`);
  if (all.includes('.git')) throw new NotUnpacked(`${all.join('/')} is a file of git's own`);
  return all.join('/');
}

/** Nothing of a path to a file is a link, which could lead anywhere on this machine. */
async function makeFolders(unpacking: Unpacking, name: string): Promise<void> {
  const { directory, folders } = unpacking;
  if (name === '.' || folders.has(name)) return;
  await makeFolders(unpacking, path.posix.dirname(name));
  const folder = path.join(directory, name);
  const facts = await lstat(folder).catch(unlessAbsent);
  if (facts === null) await mkdir(folder);
  else if (facts.isSymbolicLink()) throw new NotUnpacked(`${name} is a link in the repository`);
  else if (!facts.isDirectory()) throw new NotUnpacked(`${name} is a file already, and no folder`);
  folders.add(name);
}

/** What is there goes: to write into it would write into whatever shares it. */
async function makeRoom(target: string, name: string): Promise<void> {
  const facts = await lstat(target).catch(unlessAbsent);
  if (facts === null) return;
  if (facts.isDirectory()) throw new NotUnpacked(`${name} is a folder already, and no file`);
  await rm(target);
}

function unlessAbsent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return null;
}
