import { SpoolFile } from './spool-file.ts';

export interface SpoolOptions {
  /** Path of its files, without their numbers; files appear only when memory does not do. */
  readonly path: string;
  /** Frames kept in memory. */
  readonly memoryBytes: number;
  /** All that is kept; past it {@link Spool.room} waits. */
  readonly limitBytes: number;
  /** Length of one file, after which the next is begun. */
  readonly fileBytes: number;
}

/**
 * Frames of one log that the server has not acknowledged, oldest first: some in memory, what does not fit there on
 * disk. The disk is room for a long absence of the server, not safety: what a dead worker leaves could not be
 * delivered any more, its lease is over.
 */
export class Spool {
  readonly #options: SpoolOptions;
  #frames: Frame[] = [];
  #file: SpoolFile | null = null;
  #files = 0;
  #bytes = 0;
  #memoryBytes = 0;
  /** Serial work on files. */
  #work: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Bytes that wait, frames' headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a frame; swallows it after {@link close}. Await {@link room} before giving more. */
  append(bytes: Buffer): void {
    if (this.#isClosed) return;
    const frame: Frame = { size: bytes.length, bytes, place: null };
    this.#frames.push(frame);
    this.#bytes += frame.size;
    this.#memoryBytes += frame.size;
    if (this.#memoryBytes > this.#options.memoryBytes) this.#enqueue(() => this.#spill(frame));
  }

  /** Resolves when there is room for more. While the worker's own disk is full, memory is the room. */
  async room(): Promise<void> {
    await this.#work;
    const { limitBytes, memoryBytes } = this.#options;
    while (!this.#isClosed && (this.#bytes >= limitBytes || this.#memoryBytes >= memoryBytes + SLACK_BYTES))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The oldest frames, as many as fit in `mostBytes`, but one in any case. */
  async peek(mostBytes: number): Promise<Buffer[]> {
    const frames: Frame[] = [];
    let bytes = 0;
    for (const frame of this.#frames) {
      bytes += frame.size;
      if (frames.length > 0 && bytes > mostBytes) break;
      frames.push(frame);
    }
    return Promise.all(frames.map(bytesOf));
  }

  /** Forgets the oldest `count` frames: the server has them. */
  drop(count: number): void {
    for (const frame of this.#frames.splice(0, count)) {
      this.#bytes -= frame.size;
      if (frame.bytes !== null) this.#memoryBytes -= frame.size;
      frame.bytes = null;
      const file = frame.place?.file;
      if (file !== undefined) this.#enqueue(() => this.#release(file));
    }
    this.#wake();
  }

  /** Forgets everything; whoever waits for room goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.drop(this.#frames.length);
    await this.#work;
    await this.#file?.remove();
    this.#file = null;
  }

  async #spill(frame: Frame): Promise<void> {
    const { bytes } = frame;
    if (bytes === null || this.#memoryBytes <= this.#options.memoryBytes) return;
    try {
      if (this.#file !== null && this.#file.size >= this.#options.fileBytes)
        await this.#closeFile(this.#file);
      this.#file ??= await SpoolFile.create(`${this.#options.path}.${this.#files++}`);
      const file = this.#file;
      const position = await file.append(bytes);
      if (frame.bytes === null) return await this.#release(file);
      frame.place = { file, position };
      frame.bytes = null;
      this.#memoryBytes -= frame.size;
    } catch {
      // The worker's disk is full or broken: the frame stays in memory, and room() waits until the server took some.
    }
  }

  async #closeFile(file: SpoolFile): Promise<void> {
    this.#file = null;
    if (file.frames === 0) await file.remove();
  }

  async #release(file: SpoolFile): Promise<void> {
    file.frames -= 1;
    if (file.frames > 0) return;
    if (file === this.#file) this.#file = null;
    await file.remove();
  }

  #enqueue(action: () => Promise<void>): void {
    this.#work = this.#work.then(action).catch(() => undefined);
    void this.#work.then(() => this.#wake());
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** In memory (`bytes`) or, once written there, in a file (`place`). */
interface Frame {
  readonly size: number;
  bytes: Buffer | null;
  place: { readonly file: SpoolFile; readonly position: number } | null;
}

/** What memory may hold beyond its share while the disk cannot take it. */
const SLACK_BYTES = 1024 * 1024;

async function bytesOf(frame: Frame): Promise<Buffer> {
  if (frame.bytes !== null) return frame.bytes;
  if (frame.place === null) throw new Error('a frame that is nowhere');
  return frame.place.file.read(frame.place.position, frame.size);
}
