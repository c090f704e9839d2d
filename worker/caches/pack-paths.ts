import type { FileHandle } from 'node:fs/promises';
import { CACHE_LIMITS } from '../../src/core/cache.ts';
import { asOperand, cleanName, NotCollected, output } from '../collect/collect-files.ts';
import type { FilesPlace } from '../collect/collect-files.ts';
import { readTar, type TarEntry } from '../engine/read-tar.ts';
import { HELPER } from '../steps/ensure-helper.ts';

/** Expands patterns as a shell does, each argument one; a path that is not there is none. */
const EXPAND =
  'IFS=; for pattern; do for one in $pattern; do if [ -e "$one" ] || [ -L "$one" ]; then printf "%s\\0" "$one"; fi; done; done';

/** The paths that are there, of those that are absolute and may be patterns. */
export async function expandPaths(place: FilesPlace, paths: readonly string[]): Promise<readonly string[]> {
  const command = [HELPER, 'sh', '-c', EXPAND, 'sh', ...paths];
  const pieces: Uint8Array[] = [];
  for await (const piece of output(place, command, 0)) pieces.push(piece);
  const found = Buffer.concat(pieces).toString('utf8').split('\0');
  return [...new Set(found.filter((one) => one.startsWith('/')))].sort();
}

/**
 * Writes files, folders and links below absolute paths of a container into a tar archive, named as from `/` and with their
 * owners, permissions and times. What the container gives is its own word: an archive that would write elsewhere when it
 * is unpacked is refused.
 * @throws NotCollected, TarWrong, EngineLost; the signal's reason; what `wrote` throws.
 */
export async function packPaths(
  place: FilesPlace,
  paths: readonly string[],
  file: FileHandle,
  wrote: (bytes: number) => Promise<void>,
): Promise<void> {
  const names = paths.map((one) => one.slice(1));
  const command = [HELPER, 'tar', '-c', '-f', '-', ...names.map(asOperand)];
  const archive = output({ ...place, directory: '/' }, command, 0);
  const check = entryCheck(names);
  for await (const entry of readTar(written(archive, file, wrote))) check(entry);
}

/** The same bytes, each in the file before it is passed on. */
async function* written(
  source: AsyncIterable<Uint8Array>,
  file: FileHandle,
  wrote: (bytes: number) => Promise<void>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of source) {
    await file.appendFile(piece);
    await wrote(piece.length);
    yield piece;
  }
}

/** Refuses what no cache of these names has: anything beside them, through a link, or that is no file, folder or link. */
function entryCheck(names: readonly string[]): (entry: TarEntry) => void {
  const links = new Set<string>();
  const isInside = (name: string): boolean =>
    names.some((one) => name === one || name.startsWith(`${one}/`)) && !name.split('/').includes('..');
  let count = 0;
  return ({ name: told, type, linkName }) => {
    const name = cleanName(told).replace(/\/+$/, '');
    count += 1;
    if (count > CACHE_LIMITS.entries)
      throw new NotCollected(`it has more than ${CACHE_LIMITS.entries} files, folders and links`);
    if (type === 'other') throw new NotCollected(`${name} is no file, folder or link`);
    if (!isInside(name) || (type === 'link' && !isInside(cleanName(linkName))))
      throw new NotCollected(`${name} is not of the paths that are cached`);
    if (isBelow(name, links)) throw new NotCollected(`${name} is behind a link`);
    if (type === 'symlink') links.add(name);
    else links.delete(name);
  };
}

function isBelow(name: string, links: ReadonlySet<string>): boolean {
  if (links.size === 0) return false;
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
    if (links.has(name.slice(0, at))) return true;
  return false;
}
