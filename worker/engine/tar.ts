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
  const parts = files.flatMap((file) => [
    header(file),
    file.bytes,
    Buffer.alloc((BLOCK - (file.bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(file: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
  block.write(file.name, 0, 100);
  block.write(octal(file.mode, 8), 100);
  block.write(octal(0, 8), 108); // user
  block.write(octal(0, 8), 116); // group
  block.write(octal(file.bytes.length, 12), 124);
  block.write(octal(0, 12), 136); // time
  block.write(' '.repeat(8), 148); // the sum counts its own field as blanks
  block.write(file.name.endsWith('/') ? '5' : '0', 156); // a folder, a regular file
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
