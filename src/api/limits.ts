import { LIMITS, SIZES, TIMES } from '../../config/times.ts';

/** What the server's HTTP takes on at once. */
export interface ApiLimits {
  /** Bytes of webhook bodies in memory, over all connections. */
  readonly receivingBytes: number;
  /** Milliseconds for the body of a webhook. */
  readonly receiveMs: number;
  /** Event streams of one token or session, and of all together. */
  readonly streamsEach: number;
  readonly streams: number;
  /** Milliseconds between two comments in a stream; less than {@link streamStallMs}. */
  readonly streamCommentMs: number;
  /** Milliseconds after which a reader that takes nothing is cut off. */
  readonly streamStallMs: number;
}

export const API_LIMITS: ApiLimits = {
  receivingBytes: SIZES.receiving,
  receiveMs: TIMES.receive,
  streamsEach: LIMITS.streamsEach,
  streams: LIMITS.streams,
  streamCommentMs: TIMES.sseComment,
  streamStallMs: TIMES.sseStall,
};
