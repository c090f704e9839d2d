import type { FileHandle } from 'node:fs/promises';
import { CACHE_LIMITS } from '../../src/core/cache.ts';
import { asOperand, cleanName, inArguments, NotCollected, output } from '../collect/collect-files.ts';
import type { FilesPlace } from '../collect/collect-files.ts';
import { readTar, type TarEntry } from '../engine/read-tar.ts';
import { HELPER } from '../steps/ensure-helper.ts';

/** Expands each argument after `pattern:` as a shell does; a path that is not there is none. */
const EXPAND = [
  'there() { if [ -e "$1" ] || [ -L "$1" ]; then printf "%s\\0" "$1"; fi; }',
  'IFS=; for given; do case $given in',
  '  pattern:*) for one in ${given#pattern:}; do there "$one"; done;;',
  '  *) there "$given";;',
  'esac; done',
].join('\n');

/** What is to be packed: absolute paths that are there. */
export interface PathsFound {
  readonly paths: readonly string[];
  /** Those of them, and others, that were asked for by their names. */
  readonly named: ReadonlySet<string>;
}

/**
 * The paths that are there, of those that are absolute and may be patterns.
 * @throws NotCollected: there are too many; EngineLost; the signal's reason.
 */
export async function expandPaths(place: FilesPlace, paths: readonly string[]): Promise<PathsFound> {
  const named = new Set(paths.filter((one) => !isPattern(one)).map(unescaped));
  const asked = [...named, ...paths.filter(isPattern).map((one) => `pattern:${one}`)];
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of output(place, [HELPER, 'sh', '-c', EXPAND, 'sh', ...asked], 0)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MOST_FOUND_BYTES) throw tooMany();
  }
  const found = Buffer.concat(pieces).toString('utf8').split('\0');
  const there = [...new Set(found.filter((one) => one.startsWith('/')))].sort();
  if (there.length > CACHE_LIMITS.paths || [...inArguments(there)].length > 1) throw tooMany();
  return { paths: there, named };
}

/** More than the arguments of one command may have. */
const MOST_FOUND_BYTES = 1024 * 1024;

const tooMany = (): NotCollected =>
  new NotCollected(
    `its patterns find more than ${CACHE_LIMITS.paths} paths, or more than half a MiB of names: name the folder that they are in`,
  );

/** A shell leaves the backslashes of what has no wildcard. */
const isPattern = (path: string): boolean => /[*?]|\[[^/]*\]/.test(path.replace(/\\./g, ''));
const unescaped = (path: string): string => path.replace(/\\(.)/g, '$1');

/**
 * Writes files, folders and links below absolute paths of a container into a tar archive, named as from `/` and with their
 * owners, permissions and times. What the container gives is its own word: an archive that would write elsewhere when it
 * is unpacked is refused.
 * @throws NotCollected, TarWrong, EngineLost; the signal's reason; what `wrote` throws.
 */
export async function packPaths(
  place: FilesPlace,
  { paths, named }: PathsFound,
  file: FileHandle,
  wrote: (bytes: number) => Promise<void>,
): Promise<void> {
  const names = paths.map((one) => one.slice(1));
  const command = [HELPER, 'tar', '-c', '-f', '-', ...names.map(asOperand)];
  const archive = output({ ...place, directory: '/' }, command, 0);
  const check = entryCheck(names, named);
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
function entryCheck(names: readonly string[], named: ReadonlySet<string>): (entry: TarEntry) => void {
  const links = new Set<string>();
  const roots = new Set(names);
  const isInside = (name: string): boolean =>
    (roots.has(name) || isBelow(name, roots)) && !name.split('/').includes('..');
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
    if (type === 'symlink' && named.has(`/${name}`))
      throw new NotCollected(
        `/${name} is a link to ${linkName}, and only the link would be in it: name that`,
      );
    if (type === 'symlink') links.add(name);
    else links.delete(name);
  };
}

function isBelow(name: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
    if (folders.has(name.slice(0, at))) return true;
  return false;
}
