import { open, rm, type FileHandle } from 'node:fs/promises';

/** A file of the spool: filled from front to end, read in the same order, removed when all of it is forgotten. */
export class SpoolFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Bytes written. */
  size = 0;
  /** Frames in it that are still needed. */
  frames = 0;

  static async create(path: string): Promise<SpoolFile> {
    return new SpoolFile(path, await open(path, 'w+', 0o600));
  }

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Adds `bytes`; returns where they stand. After an error nothing of them counts. Calls must be serial. */
  async append(bytes: Buffer): Promise<number> {
    const position = this.size;
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
    this.size = position + bytes.length;
    this.frames += 1;
    return position;
  }

  async read(position: number, size: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(size);
    for (let done = 0; done < size;) {
      const { bytesRead } = await this.#handle.read(bytes, done, size - done, position + done);
      if (bytesRead === 0)
        throw new Error(`${this.#path} ends at ${position + done}, not at ${position + size}`);
      done += bytesRead;
    }
    return bytes;
  }

  async remove(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}
