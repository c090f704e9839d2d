import { BLOCK } from './tar.ts';

/** What an archive holds at one place. */
export interface TarEntry {
  readonly name: string;
  /** `link`: another name of an entry before it; `other`: devices, pipes and all else. */
  readonly type: 'file' | 'link' | 'symlink' | 'folder' | 'other';
  /** Permissions, e.g. 0o644. */
  readonly mode: number;
  readonly bytes: number;
  /** The name that a `link` is another name of, and what a `symlink` leads to; empty for others. */
  readonly linkName: string;
  /** The file's content, in the pieces it comes in. What is not read of it is passed over. Read it before the next entry. */
  readonly content: AsyncIterable<Buffer>;
}

/** The archive is none, or ends in the middle. */
export class TarWrong extends Error {
  override readonly name = 'TarWrong';
}

/** Names of an archive are longer than this only by somebody's intent. */
const LONGEST_NAME = 64 * 1024;

/**
 * Reads a tar archive (POSIX.1-1988 ustar, with GNU's long names) as it comes, without holding more of it than a piece.
 * Whoever made it is not trusted: no name in it is clean.
 * @throws {@link TarWrong}, or what the source throws.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, void> {
  const bytes = new ByteReader(source);
  let longName: string | null = null;
  let longLink: string | null = null;
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header === null || header.every((byte) => byte === 0)) return bytes.drain();
    const size = headerOf(header);
    const kind = String.fromCharCode(header[156] ?? 0);
    if (kind === 'L' || kind === 'K') {
      if (size > LONGEST_NAME) throw new TarWrong(`the archive has a name of ${size} bytes`);
      const text = textOf((await bytes.take(size)) ?? Buffer.alloc(0));
      await bytes.skip(padding(size));
      if (kind === 'L') longName = text;
      else longLink = text;
      continue;
    }
    // Only files have content; a link may be said to have that of the file.
    const isFile = kind === '0' || kind === '\0' || kind === '7';
    const length = isFile || kind === 'x' || kind === 'g' ? size : 0;
    const content = bytes.range(length);
    yield {
      name: longName ?? nameOf(header),
      type: isFile ? 'file' : (TYPES[kind] ?? 'other'),
      mode: octal(header, 100, 8) & 0o7777,
      bytes: isFile ? size : 0,
      linkName: kind === '1' || kind === '2' ? (longLink ?? textOf(header.subarray(157, 257))) : '',
      content,
    };
    await bytes.finish();
    await bytes.skip(padding(length));
    longName = null;
    longLink = null;
  }
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = { '1': 'link', '2': 'symlink', '5': 'folder' };

/** The size that a header tells. */
function headerOf(header: Buffer): number {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (octal(header, 148, 8) !== sum) throw new TarWrong('the archive has a header that is none');
  const size = octal(header, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw new TarWrong('the archive has an entry of no size');
  return size;
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = header.subarray(257, 262).toString('latin1') === 'ustar';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** A number in octal digits, or in GNU's form for large ones: the first bit set, then the number itself. */
function octal(header: Buffer, at: number, length: number): number {
  const field = header.subarray(at, at + length);
  if ((field[0] ?? 0) & 0x80)
    return field.reduce((value, byte, index) => value * 256 + (index === 0 ? byte & 0x7f : byte), 0);
  const digits = /^[ \0]*([0-7]*)/.exec(field.toString('latin1'))?.[1] ?? '';
  return digits === '' ? 0 : parseInt(digits, 8);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return (end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the entry under way that nobody has read. */
  #left = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; null at the end of the source. */
  async take(length: number): Promise<Buffer | null> {
    while (this.#held.length < length) {
      const next = await this.#source.next();
      if (next.done === true) {
        if (this.#held.length === 0) return null;
        throw new TarWrong('the archive ends in the middle');
      }
      this.#held = this.#held.length === 0 ? asBuffer(next.value) : Buffer.concat([this.#held, next.value]);
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** The next so many bytes, for one reader. */
  range(length: number): AsyncIterable<Buffer> {
    this.#left = length;
    const next = (): Promise<Buffer | null> => this.#piece();
    return {
      async *[Symbol.asyncIterator]() {
        for (let piece = await next(); piece !== null; piece = await next()) yield piece;
      },
    };
  }

  /** Passes over what of the range was not read. */
  async finish(): Promise<void> {
    while ((await this.#piece()) !== null);
  }

  async skip(length: number): Promise<void> {
    this.#left = length;
    await this.finish();
  }

  /** Reads what comes after the archive's end, so that its writer can end. */
  async drain(): Promise<void> {
    while ((await this.#source.next()).done !== true);
  }

  async #piece(): Promise<Buffer | null> {
    if (this.#left === 0) return null;
    if (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) throw new TarWrong('the archive ends in the middle');
      this.#held = asBuffer(next.value);
    }
    const piece = this.#held.subarray(0, this.#left);
    this.#held = this.#held.subarray(piece.length);
    this.#left -= piece.length;
    return piece;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
