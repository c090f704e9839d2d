import type { Engine } from '../engine/engine.ts';
import { readTar, type TarEntry } from '../engine/read-tar.ts';
import { HELPER } from '../steps/ensure-helper.ts';
import { compilePatterns, startsOf } from './file-patterns.ts';

/** A container whose files are looked through, running. */
export interface FilesPlace {
  readonly engine: Pick<Engine, 'exec' | 'exitCodeOf'>;
  readonly containerId: string;
  /** Absolute; patterns and names are relative to it. */
  readonly directory: string;
  /** When it aborts, what is under way rejects at once. */
  readonly signal: AbortSignal;
}

/** There is too much of it, or the container could not say; the message is a sentence for the step's log. */
export class NotCollected extends Error {
  override readonly name = 'NotCollected';
}

/** Names that are looked at, all of them together, in bytes. */
const MOST_NAMES = 32 * 1024 * 1024;
/** Arguments of one command; Linux takes 2 MiB with the environment (execve(2)), 128 KiB each. */
const ARGUMENTS = 512 * 1024;

/**
 * The names of the files that the patterns mean, in order. Symbolic links are neither listed nor followed, `.git` is left
 * out unless a pattern begins with it, and so are names that are no text or have a control character.
 * @throws {@link NotCollected}; EngineLost; the signal's reason.
 */
export async function listFiles(place: FilesPlace, patterns: readonly string[]): Promise<readonly string[]> {
  const starts = await withoutLinks(place, startsOf(patterns));
  if (starts.length === 0) return [];
  const withoutGit = starts.some((start) => start === '.git' || start.startsWith('.git/'))
    ? []
    : ['-name', '.git', '-prune', '-o'];
  const command = [HELPER, 'find', ...starts.map(asOperand), ...withoutGit, '-type', 'f', '-print0'];
  const isMeant = compilePatterns(patterns);
  const names: string[] = [];
  let bytes = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of output(place, command)) {
    bytes += piece.length;
    if (bytes > MOST_NAMES)
      throw new NotCollected(
        `there are too many files below ${starts.join(', ')} to look through: begin the patterns with a folder`,
      );
    const whole = Buffer.concat([rest, piece]);
    const end = whole.lastIndexOf(0) + 1;
    rest = whole.subarray(end);
    for (const name of namesIn(whole.subarray(0, end))) if (isMeant(name)) names.push(name);
  }
  return names.sort();
}

/** The starts that no symbolic link leads to: `find` follows one in the middle of a start. */
async function withoutLinks(place: FilesPlace, starts: readonly string[]): Promise<readonly string[]> {
  const parents = new Set(starts.flatMap(parentsOf));
  if (parents.size === 0) return starts;
  const links = new Set<string>();
  let listed = Buffer.alloc(0);
  for (const some of inArguments([...parents])) {
    const command = [HELPER, 'find', ...some.map(asOperand), '-prune', '-type', 'l', '-print0'];
    for await (const piece of output(place, command)) listed = Buffer.concat([listed, piece]);
  }
  for (const name of listed.toString('utf8').split('\0')) links.add(cleanName(name));
  return starts.filter((start) => !parentsOf(start).some((parent) => links.has(parent)));
}

/** The folders that a name is in: of `a/b/c`, `a` and `a/b`. */
function parentsOf(name: string): readonly string[] {
  const segments = name.split('/');
  return segments.slice(1).map((_, at) => segments.slice(0, at + 1).join('/'));
}

/**
 * The named files, regular ones and further names of them, as the container has them now; one that is gone is left out.
 * Read each before the next.
 * @throws {@link NotCollected}; EngineLost; TarWrong; the signal's reason.
 */
export async function* readFiles(
  place: FilesPlace,
  names: readonly string[],
): AsyncGenerator<TarEntry & { readonly type: 'file' | 'link' }, void, void> {
  const wanted = new Set(names);
  for (const some of inArguments(names)) {
    const command = [HELPER, 'tar', '-c', '-f', '-', ...some.map(asOperand)];
    for await (const entry of readTar(output(place, command))) {
      const name = cleanName(entry.name);
      const { type } = entry;
      // What comes is the container's word: only what was asked for is taken.
      if ((type === 'file' || type === 'link') && wanted.delete(name))
        yield { ...entry, type, name, linkName: cleanName(entry.linkName) };
    }
  }
}

/** By name, what changes whenever a file is written or made anew; see {@link markFiles}. */
export type FileMarks = ReadonlyMap<string, string>;

/**
 * Marks of the named files: inode, size and time of the last change, which nobody can set. A file that is gone has none,
 * nor has any where the helper tells times in seconds only: a file may be written twice in one.
 * @throws {@link NotCollected}; EngineLost; the signal's reason.
 */
export async function markFiles(place: FilesPlace, names: readonly string[]): Promise<FileMarks> {
  const marks = new Map<string, string>();
  for (const some of inArguments(names)) {
    const command = [HELPER, 'stat', '-c', '%i\t%s\t%z\t%n', ...some.map(asOperand)];
    const pieces: Uint8Array[] = [];
    for await (const piece of output(place, command)) pieces.push(piece);
    for (const line of Buffer.concat(pieces).toString('utf8').split('\n')) {
      const [inode, size, changed = '', name = ''] = line.split('\t');
      if (changed.includes('.')) marks.set(cleanName(name), `${inode} ${size} ${changed}`);
    }
  }
  return marks;
}

function* namesIn(listed: Buffer): Generator<string> {
  for (const text of listed.toString('utf8').split('\0')) {
    const name = cleanName(text);
    // The mark of bytes that are no UTF-8 would name another file.
    if (name !== '' && !/[\p{Cc}\ufffd]/u.test(name)) yield name;
  }
}

export const asOperand = (name: string): string => (name === '.' ? '.' : `./${name}`);
export const cleanName = (name: string): string => name.replace(/^(?:\.\/+)+/, '');

export function* inArguments(names: readonly string[]): Generator<readonly string[]> {
  let some: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const length = Buffer.byteLength(name) + 16;
    if (bytes + length > ARGUMENTS && some.length > 0) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(name);
    bytes += length;
  }
  if (some.length > 0) yield some;
}

/**
 * What a command in the container writes. What it complains of (a start that is not there) is not asked for. One that is
 * still there when the signal aborts ends with its container.
 * @param mostCode The highest exit code with which what it wrote counts.
 * @throws {@link NotCollected}; EngineLost; the signal's reason.
 */
export async function* output(
  { engine, containerId, directory, signal }: FilesPlace,
  command: readonly string[],
  mostCode = 125,
): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  const stream = await engine.exec(containerId, { command, workingDirectory: directory, user: '0' });
  const aborted = Promise.withResolvers<null>();
  const end = (): void => {
    stream.destroy();
    aborted.resolve(null);
  };
  signal.addEventListener('abort', end);
  let code: number | null;
  try {
    signal.throwIfAborted();
    for await (const frame of stream.output) if (frame.stream === 'stdout') yield frame.bytes;
    code = await Promise.race([engine.exitCodeOf(stream.execId), aborted.promise]);
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
  if (code === null || code > 125)
    throw new NotCollected('the container has ended before its files were read');
  if (code > mostCode) throw new NotCollected('files changed or went while they were read');
}
