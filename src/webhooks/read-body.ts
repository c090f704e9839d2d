import type { IncomingMessage } from 'node:http';
import { Problem } from '../core/problem.ts';

/**
 * The request's raw body, counted while it streams: past `limit` bytes nothing more is kept and it rejects
 * with `body_too_large`. The rest of a refused body is read and dropped, so that the sender gets to see the
 * answer; a sender that goes on past four times the limit is cut off.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let refused = false;
  return new Promise((resolve, reject) => {
    const refuse = (): void => {
      refused = true;
      parts.length = 0;
      reject(new Problem('body_too_large', { limit }));
    };
    if (Number(request.headers['content-length'] ?? 0) > limit) refuse();
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > 4 * limit) request.destroy();
      else if (refused) return;
      else if (bytes > limit) refuse();
      else parts.push(part);
    });
    request.on('end', () => resolve(parts));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the sender went away before the end of its body')));
  });
}
