import type { ServerRequest } from './server-client.ts';

/** A request under a lease: its path begins behind that of the lease. */
export type LeaseRequest = Omit<ServerRequest, 'lease' | 'timeoutMs'>;

/** Sends one, again and again until the server has answered or the request's signal aborts. @throws LeaseLost, Problem. */
export type Ask = (request: LeaseRequest) => Promise<unknown>;

/** The same for an answer that is read as it comes. */
export type Open = (
  request: LeaseRequest & { readonly signal: AbortSignal },
) => Promise<AsyncIterable<Uint8Array>>;
