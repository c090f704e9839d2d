import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { SIZES, TIMES } from '../../config/times.ts';
import type { LogSink } from '../log-sink.ts';
import { OutgoingLog } from './outgoing-log.ts';
import { Redactor } from './redactor.ts';
import { Spool } from './spool.ts';

export interface ShipperOptions {
  /** Sends one body of frames; resolves when the server has it on its disk. It tries again by itself while the server is away; a rejection is final. */
  readonly post: (body: Uint8Array) => Promise<void>;
  /** Folder of the spool. */
  readonly spoolDir: string;
  readonly tickMs?: number;
  readonly spoolBytes?: number;
  /** Spooled output that is kept in memory, per log. */
  readonly memoryBytes?: number;
}

/** Bytes of one request: while one is on its way more gathers, so a fast log gets larger ones, not more. */
const REQUEST_BYTES = 1024 * 1024;
const MEMORY_BYTES = 1024 * 1024;
const FILE_BYTES = 64 * 1024 * 1024;

/**
 * Ships the logs of one lease: one request at a time, at most one each tick unless a frame is full or a log has
 * ended. The first output after a pause leaves at once, with what is written in the same turn of the event loop: the last
 * words of a log and its end are one request.
 */
export class LogShipper {
  readonly #options: ShipperOptions;
  readonly #tickMs: number;
  readonly #logs = new Map<string, OutgoingLog>();
  readonly #folder: Promise<unknown>;
  #wake = Promise.withResolvers<void>();
  /** Settles with the next request, or with the stop. */
  #shipped = Promise.withResolvers<void>();
  #isUrgent = false;
  #hurry = new AbortController();
  #stopped: { readonly reason: unknown } | null = null;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#tickMs = options.tickMs ?? TIMES.logTick;
    this.#folder = mkdir(options.spoolDir, { recursive: true });
    this.#folder.catch(() => undefined);
    void this.#run();
  }

  /** Opens a log; `secrets` are masked in it. Each id once. It goes on at `offset`, in redacted bytes. */
  open(logId: string, secrets: readonly string[], offset = 0): LogSink {
    if (this.#logs.has(logId)) throw new Error(`log ${logId} is open already`);
    const spool = new Spool({
      path: path.join(this.#options.spoolDir, logId),
      memoryBytes: this.#options.memoryBytes ?? MEMORY_BYTES,
      limitBytes: this.#options.spoolBytes ?? SIZES.spool,
      fileBytes: FILE_BYTES,
    });
    const log = new OutgoingLog({
      logId,
      offset,
      spool,
      redactor: new Redactor(secrets),
      chunkBytes: SIZES.logChunk,
      nowMs: () => Date.now(),
      onOutput: (urgent) => this.#notice(urgent),
    });
    this.#logs.set(logId, log);
    if (this.#stopped !== null) void log.abandon(this.#stopped.reason);
    return log;
  }

  /** Resolves with the log's length when all of it is on the server's disk; at once for a log never opened. */
  async delivered(logId: string): Promise<number> {
    return (await this.#logs.get(logId)?.delivered) ?? 0;
  }

  /** Resolves when all output so far is on the server's disk; rejects when it never will be. */
  async drained(): Promise<void> {
    for (;;) {
      if (this.#stopped !== null) throw this.#stopped.reason;
      if (![...this.#logs.values()].some((log) => log.hasOutput)) return;
      this.#notice(true);
      await this.#shipped.promise;
    }
  }

  /** Gives up what was not delivered; writes to the logs are swallowed from now on. */
  async stop(reason: unknown): Promise<void> {
    this.#stopped ??= { reason };
    this.#notice(true);
    this.#shipped.resolve();
    await Promise.all([...this.#logs.values()].map((log) => log.abandon(reason)));
  }

  #notice(urgent: boolean): void {
    if (urgent && !this.#isUrgent) {
      this.#isUrgent = true;
      this.#hurry.abort();
    }
    this.#wake.resolve();
  }

  async #run(): Promise<void> {
    while (this.#stopped === null) {
      await this.#wake.promise;
      await setImmediate();
      this.#wake = Promise.withResolvers();
      this.#isUrgent = false;
      this.#hurry = new AbortController();
      const nextTick = this.#pause();
      try {
        await this.#shipAll();
      } catch (error) {
        await this.stop(error);
      }
      await nextTick;
    }
  }

  async #pause(): Promise<void> {
    await setTimeout(this.#tickMs, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
  }

  /** Sends what there is, in requests of bounded size. */
  async #shipAll(): Promise<void> {
    for (const log of this.#logs.values()) log.cut();
    const waiting = [...this.#logs.values()].filter((log) => log.hasOutput);
    let room = REQUEST_BYTES;
    const parts: { readonly log: OutgoingLog; readonly frames: readonly Buffer[] }[] = [];
    for (const log of waiting) {
      const frames = await log.spool.peek(Math.max(room / 2, SIZES.logChunk));
      parts.push({ log, frames });
      room -= frames.reduce((total, frame) => total + frame.length, 0);
      if (room <= 0) break;
    }
    if (parts.length === 0) return;
    await this.#options.post(Buffer.concat(parts.flatMap(({ frames }) => frames)));
    for (const { log, frames } of parts) {
      log.acknowledge(frames.length);
      // The others' turn comes first next time.
      this.#logs.delete(log.logId);
      this.#logs.set(log.logId, log);
    }
    this.#shipped.resolve();
    this.#shipped = Promise.withResolvers();
    if (waiting.some((log) => log.spool.bytes > 0)) this.#notice(true);
  }
}
