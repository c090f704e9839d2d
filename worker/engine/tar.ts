/** An archive is made of blocks of so many bytes. */
export const BLOCK = 512;

export interface TarFile {
  /** At most 100 bytes, relative; that of a folder ends with `/`. */
  readonly name: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

/** A tar archive (POSIX.1-1988 ustar) of a few files and folders of root's, for the engine's archive endpoint. */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ name, mode, bytes }) => [
    tarHeader({ name, mode, bytes: bytes.length, linkName: null }),
    bytes,
    tarPadding(bytes.length),
  ]);
  return Buffer.concat([...parts, endOfTar()]);
}

export interface TarHeader {
  /** Relative; that of a folder ends with `/`. */
  readonly name: string;
  readonly mode: number;
  /** Length of the content that follows. */
  readonly bytes: number;
  /** It is another name of this file, which is in the archive before it; null: it is a file or folder of its own. */
  readonly linkName: string | null;
}

/** What stands before a file's content; names that are too long for it come before that, as GNU tar has them. */
export function tarHeader({ name, mode, bytes, linkName }: TarHeader): Buffer {
  const type = linkName !== null ? '1' : name.endsWith('/') ? '5' : '0';
  return Buffer.concat([
    longName('L', name),
    longName('K', linkName ?? ''),
    header({ name, mode, bytes, linkName: linkName ?? '', type }),
  ]);
}

/** What fills the last block of a content up. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

export function endOfTar(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

/** Nothing for a name that a header has room for. */
function longName(type: 'L' | 'K', name: string): Buffer {
  const text = Buffer.from(name);
  if (text.length <= NAME) return Buffer.alloc(0);
  const bytes = text.length + 1;
  const told = header({ name: '././@LongLink', mode: 0, bytes, linkName: '', type });
  return Buffer.concat([told, text, Buffer.alloc(1), tarPadding(bytes)]);
}

const NAME = 100;

function header(file: Omit<TarHeader, 'linkName'> & { linkName: string; type: string }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
  Buffer.from(file.name).copy(block, 0, 0, NAME);
  block.write(octal(file.mode, 8), 100);
  block.write(octal(0, 8), 108); // user
  block.write(octal(0, 8), 116); // group
  writeSize(block, file.bytes);
  block.write(octal(0, 12), 136); // time
  block.write(' '.repeat(8), 148); // the sum counts its own field as blanks
  block.write(file.type, 156);
  Buffer.from(file.linkName).copy(block, 157, 0, NAME);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

/** In octal digits; from 8 GiB on as GNU tar has it. */
function writeSize(block: Buffer, bytes: number): void {
  if (bytes < 8 ** 11) {
    block.write(bytes.toString(8).padStart(11, '0'), 124);
    return;
  }
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(bytes), 128);
}
