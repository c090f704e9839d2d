import type { LogStream } from '../src/core/log.ts';

/** Where a step's output goes on the worker. One sink per log; redaction, spool and shipping are behind it. */
export interface LogSink {
  /**
   * Takes output as it came (any bytes, cut anywhere). Resolves when there is room for more: await it
   * before reading on, so that a full spool stops the reading of the container and nothing is dropped.
   */
  write(stream: LogStream, bytes: Uint8Array): Promise<void>;
  /** A line of Slipway's own, stream `system`; the newline is added. */
  say(line: string): Promise<void>;
  /** Flushes the redaction, puts the end-of-log marker and resolves with the log's length in redacted bytes. Once only. */
  end(): Promise<number>;
}
