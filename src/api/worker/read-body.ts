import type { Request } from 'express';
import type { ZodType } from 'zod';
import { Problem } from '../../core/problem.ts';

/** Reports of a long outage come at once; nothing else in the protocol is large. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a JSON body and holds it against `shape`.
 * @throws Problem `body_too_large`, `json_wrong`, `request_wrong` naming the field.
 */
export async function readBody<T>(request: Request, shape: ZodType<T>): Promise<T> {
  const parsed = shape.safeParse(await readJson(request));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem('request_wrong', {
    field: issue?.path.join('.') || 'body',
    cause: issue?.message ?? 'wrong',
  });
}

async function readJson(request: Request): Promise<unknown> {
  // A parser in front may have read it.
  if (request.body !== undefined && !Buffer.isBuffer(request.body)) return request.body;
  const text = (await readBytes(request, MOST_BYTES)).toString('utf8');
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new Problem('json_wrong', { cause: (error as Error).message });
  }
}

/** The raw body. @throws Problem `body_too_large`. */
export async function readBytes(request: Request, limit: number): Promise<Buffer> {
  if (Buffer.isBuffer(request.body)) return request.body;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limit) throw new Problem('body_too_large', { limit });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
