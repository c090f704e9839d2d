import { SIZES, TIMES } from '../../config/times.ts';

/** What the server's HTTP takes on at once. */
export interface ApiLimits {
  /** Bytes of webhook bodies in memory, over all connections. */
  readonly receivingBytes: number;
  /** Milliseconds for the body of a webhook. */
  readonly receiveMs: number;
}

export const API_LIMITS: ApiLimits = {
  receivingBytes: SIZES.receiving,
  receiveMs: TIMES.receive,
};
