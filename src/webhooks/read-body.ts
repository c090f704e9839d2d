import type { IncomingMessage } from 'node:http';
import { Problem } from '../core/problem.ts';
import type { ReceivingPlace } from './receiving-room.ts';

export interface BodyBounds {
  readonly mostBytes: number;
  readonly withinMs: number;
  /** Where the body is counted together with those of other connections. */
  readonly place: ReceivingPlace;
}

/**
 * The request's raw body, counted while it streams. What is announced as too large is refused before anything of it
 * is read. The rest of a refused body is left to the caller.
 * @throws Problem `body_too_large`, `receiving_full`, `body_too_slow`.
 */
export function readBody(
  request: IncomingMessage,
  { mostBytes, withinMs, place }: BodyBounds,
): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      request.off('data', take);
    };
    const refuse = (problem: Problem): void => {
      stop();
      place.leave();
      reject(problem);
    };
    const take = (part: Buffer): void => {
      bytes += part.length;
      if (bytes > mostBytes) refuse(new Problem('body_too_large', { limit: mostBytes }));
      else if (!place.take(part.length)) refuse(full());
      else parts.push(part);
    };
    const timer = setTimeout(
      () => refuse(new Problem('body_too_slow', { seconds: withinMs / 1_000 })),
      withinMs,
    );
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > mostBytes) return refuse(new Problem('body_too_large', { limit: mostBytes }));
    if (!place.hasRoomFor(announced)) return refuse(full());
    request.on('data', take);
    request.on('end', () => {
      stop();
      resolve(parts);
    });
    request.on('error', reject);
    request.on('close', () => {
      stop();
      reject(new Error('the sender went away before the end of its body'));
    });
  });
}

/** Seconds after which a body that found no room may be sent again: most of those before it are through by then. */
const AGAIN_SECONDS = 10;

const full = (): Problem => new Problem('receiving_full', { seconds: AGAIN_SECONDS });
