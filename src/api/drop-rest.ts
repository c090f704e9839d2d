import type { Request } from 'express';
import { SIZES, TIMES } from '../../config/times.ts';

/**
 * Reads and drops what is still to come of a request that is refused: a connection that is closed on unread bytes
 * takes the answer back before its sender has seen it (RFC 9112, 9.6). One that goes on for too long is cut off.
 */
export function dropRest(request: Request): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), TIMES.refusedBody);
  let bytes = 0;
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > SIZES.refusedBody) request.destroy();
  });
  request.once('close', () => clearTimeout(timer));
  request.resume();
}
