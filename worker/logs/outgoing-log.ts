import type { LogSegment, LogStream } from '../../src/core/log.ts';
import { FRAME_LIMITS, encodeFrame } from '../../src/protocol/frames.ts';
import type { LogSink } from '../log-sink.ts';
import type { Redactor } from './redactor.ts';
import type { Spool } from './spool.ts';

export interface OutgoingLogOptions {
  readonly logId: string;
  /** Where it goes on, in redacted bytes. */
  readonly offset: number;
  readonly redactor: Redactor;
  readonly spool: Spool;
  /** Length of a frame. */
  readonly chunkBytes: number;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** There is something to send; `urgent`: now, not at the next tick. */
  readonly onOutput: (urgent: boolean) => void;
}

/** One log on its way: redacted, numbered, cut into frames, spooled. The shipper takes it from there. */
export class OutgoingLog implements LogSink {
  readonly logId: string;
  readonly spool: Spool;
  /** Resolves with the log's length once the server has all of it; rejects when it never will. */
  readonly delivered: Promise<number>;
  readonly #options: OutgoingLogOptions;
  readonly #redactors: Readonly<Record<LogStream, Redactor>>;
  readonly #settle: { resolve: (bytes: number) => void; reject: (reason: unknown) => void };
  /** Offset after all redacted bytes so far. */
  #offset: number;
  #pieces: Uint8Array[] = [];
  #segments: LogSegment[] = [];
  #pendingBytes = 0;
  #hasEnded = false;

  constructor(options: OutgoingLogOptions) {
    const { redactor } = options;
    this.logId = options.logId;
    this.spool = options.spool;
    this.#options = options;
    this.#offset = options.offset;
    this.#redactors = { stdout: redactor.fork(), stderr: redactor.fork(), system: redactor.fork() };
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    promise.catch(() => undefined);
    this.delivered = promise;
    this.#settle = { resolve, reject };
  }

  get hasOutput(): boolean {
    return this.#pendingBytes > 0 || this.spool.bytes > 0;
  }

  async write(stream: LogStream, bytes: Uint8Array): Promise<void> {
    if (this.#hasEnded) throw new Error(`write to log ${this.logId} after its end`);
    this.#add(stream, this.#redactors[stream].push(bytes));
    await this.spool.room();
  }

  async say(line: string): Promise<void> {
    await this.write('system', Buffer.from(`${line}\n`));
  }

  async end(): Promise<number> {
    if (this.#hasEnded) throw new Error(`a second end of log ${this.logId}`);
    this.#hasEnded = true;
    for (const stream of STREAMS) this.#add(stream, this.#redactors[stream].end());
    this.#cut(true);
    this.#options.onOutput(true);
    return this.#offset;
  }

  /** Makes a frame of what has gathered since the last one. */
  cut(): void {
    if (this.#pendingBytes > 0) this.#cut(false);
  }

  /** The server has the oldest `count` frames. */
  acknowledge(count: number): void {
    this.spool.drop(count);
    if (this.#hasEnded && this.spool.bytes === 0) this.#settle.resolve(this.#offset);
  }

  /** Nothing more will be taken by the server. */
  async abandon(reason: unknown): Promise<void> {
    this.#settle.reject(reason);
    await this.spool.close();
  }

  #add(stream: LogStream, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const timeMs = this.#options.nowMs();
    for (let from = 0; from < bytes.length;) {
      const length = Math.min(bytes.length - from, this.#options.chunkBytes - this.#pendingBytes);
      // A copy: the caller may use its buffer again.
      this.#pieces.push(Buffer.from(bytes.subarray(from, from + length)));
      this.#addSegment({ length, timeMs, stream });
      this.#pendingBytes += length;
      from += length;
      const isFull =
        this.#pendingBytes >= this.#options.chunkBytes || this.#segments.length >= FRAME_LIMITS.segments;
      if (isFull) this.#cut(false);
      this.#options.onOutput(isFull);
    }
  }

  #addSegment(segment: LogSegment): void {
    const last = this.#segments.at(-1);
    if (last?.timeMs === segment.timeMs && last.stream === segment.stream)
      this.#segments[this.#segments.length - 1] = { ...last, length: last.length + segment.length };
    else this.#segments.push(segment);
  }

  #cut(end: boolean): void {
    const bytes = Buffer.concat(this.#pieces);
    const { logId } = this;
    this.spool.append(encodeFrame({ logId, offset: this.#offset, segments: this.#segments, bytes, end }));
    this.#offset += bytes.length;
    this.#pieces = [];
    this.#segments = [];
    this.#pendingBytes = 0;
  }
}

const STREAMS: readonly LogStream[] = ['stdout', 'stderr', 'system'];
