import { z } from 'zod';
import type { LogChunk, LogSegment, LogStream } from '../core/log.ts';
import { Problem } from '../core/problem.ts';

/**
 * Log frames: several {@link LogChunk}s in one HTTP body. One frame is
 *
 *     u32, big-endian   length of the header in bytes
 *     header            JSON: {"log":id,"offset":n,"segments":[[length,timeMs,stream],…],"end":bool}
 *     bytes             as many as the segments' lengths add up to
 *
 * and a body is frames one after the other, nothing between or after them.
 */
export const FRAMES_CONTENT_TYPE = 'application/vnd.slipway.log-frames';

/** What one frame, and one body, may hold. A writer that has more makes more of them. */
export const FRAME_LIMITS = {
  segments: 1_024,
  headerBytes: 64 * 1024,
  bytes: 256 * 1024,
  bodyBytes: 4 * 1024 * 1024,
} as const;

/** @throws RangeError for a chunk past {@link FRAME_LIMITS} or whose segments do not add up to its bytes. */
export function encodeFrame(chunk: LogChunk): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      log: chunk.logId,
      offset: chunk.offset,
      segments: chunk.segments.map(({ length, timeMs, stream }) => [length, timeMs, stream]),
      end: chunk.end,
    }),
  );
  const length = sum(chunk.segments.map((segment) => segment.length));
  if (length !== chunk.bytes.length)
    throw new RangeError(`segments of ${length} bytes for a chunk of ${chunk.bytes.length}`);
  if (chunk.segments.length > FRAME_LIMITS.segments || header.length > FRAME_LIMITS.headerBytes)
    throw new RangeError(`a frame of ${chunk.segments.length} segments is too large`);
  if (length > FRAME_LIMITS.bytes) throw new RangeError(`a frame of ${length} bytes is too large`);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(header.length);
  return Buffer.concat([prefix, header, chunk.bytes]);
}

export function encodeFrames(chunks: readonly LogChunk[]): Buffer {
  return Buffer.concat(chunks.map(encodeFrame));
}

/**
 * Reads a whole body.
 * @throws Problem `request_wrong`, naming the frame (from 1) and what is wrong with it.
 */
export function decodeFrames(body: Uint8Array): LogChunk[] {
  const parser = new FrameParser();
  const chunks = parser.push(body);
  parser.finish();
  return chunks;
}

/**
 * Reads a body as it comes, in pieces cut anywhere; holds at most one frame.
 * @throws Problem `request_wrong` as {@link decodeFrames}; frames before the wrong one have been yielded.
 */
export async function* readFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk, void, void> {
  const parser = new FrameParser();
  for await (const piece of body) yield* parser.push(piece);
  parser.finish();
}

/** Takes pieces of a body and gives the frames that became whole. After it threw it is of no more use. */
export class FrameParser {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #frame = 1;
  #header: Header | null = null;
  /** Bytes that the next part (length, header or bytes) needs. */
  #need = 4;
  #part: 'length' | 'header' | 'bytes' = 'length';

  push(piece: Uint8Array): LogChunk[] {
    if (piece.length > 0) this.#held.push(piece);
    this.#heldBytes += piece.length;
    const chunks: LogChunk[] = [];
    if (this.#heldBytes < this.#need) return chunks;
    let all = Buffer.concat(this.#held);
    while (all.length >= this.#need) {
      const part = all.subarray(0, this.#need);
      all = all.subarray(this.#need);
      const chunk = this.#take(part);
      if (chunk !== null) chunks.push(chunk);
    }
    this.#held = all.length > 0 ? [all] : [];
    this.#heldBytes = all.length;
    return chunks;
  }

  /** The body has ended. @throws Problem `request_wrong` in the middle of a frame. */
  finish(): void {
    if (this.#heldBytes > 0 || this.#part !== 'length')
      this.#refuse(
        `the body ends in the middle of it (${this.#heldBytes} of ${this.#need} bytes of its ${this.#part})`,
      );
  }

  #take(part: Buffer): LogChunk | null {
    if (this.#part === 'length') {
      const length = part.readUInt32BE(0);
      if (length < 2 || length > FRAME_LIMITS.headerBytes) this.#refuse(`a header of ${length} bytes`);
      this.#expect('header', length);
      return null;
    }
    if (this.#part === 'header') {
      this.#header = this.#parseHeader(part);
      const length = sum(this.#header.segments.map((segment) => segment.length));
      if (length > FRAME_LIMITS.bytes) this.#refuse(`${length} bytes, more than ${FRAME_LIMITS.bytes}`);
      this.#expect('bytes', length);
      return null;
    }
    const header = this.#header;
    if (header === null) throw new Error('bytes before their header');
    this.#header = null;
    this.#frame += 1;
    this.#expect('length', 4);
    return { ...header, bytes: part };
  }

  #expect(part: 'length' | 'header' | 'bytes', bytes: number): void {
    this.#part = part;
    this.#need = bytes;
  }

  #parseHeader(bytes: Buffer): Header {
    let json: unknown;
    try {
      json = JSON.parse(bytes.toString('utf8'));
    } catch {
      this.#refuse('its header is not JSON');
    }
    const parsed = headerShape.safeParse(json);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      this.#refuse(`its header's ${issue?.path.join('.') || 'shape'}: ${issue?.message ?? 'wrong'}`);
    }
    const { log, offset, segments, end } = parsed.data;
    return {
      logId: log,
      offset,
      segments: segments.map(([length, timeMs, stream]) => ({ length, timeMs, stream })),
      end,
    };
  }

  #refuse(cause: string): never {
    throw new Problem('request_wrong', { field: `log frame ${this.#frame}`, cause });
  }
}

type Header = Omit<LogChunk, 'bytes'>;

const STREAMS = ['stdout', 'stderr', 'system'] as const satisfies readonly LogStream[];

const headerShape = z.strictObject({
  log: z.string().regex(/^[a-z]+(_[a-z]+)*_[0-9a-z]{26}$/, 'not the id of a log'),
  offset: z.int().min(0),
  segments: z
    .array(z.tuple([z.int().min(1), z.int().min(0), z.enum(STREAMS)]))
    .max(FRAME_LIMITS.segments) satisfies z.ZodType<[LogSegment['length'], number, LogStream][]>,
  end: z.boolean(),
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
