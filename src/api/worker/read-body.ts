import type { Request } from 'express';
import type { z } from 'zod';
import { SIZES } from '../../../config/times.ts';
import { Problem } from '../../core/problem.ts';
import { readValue } from '../read-request.ts';

/**
 * Reads a JSON body and holds it against `shape`.
 * @throws Problem `body_too_large`, `encoding_wrong`, `json_wrong`, `request_wrong` naming the field.
 */
export async function readBody<S extends z.ZodType>(request: Request, shape: S): Promise<z.infer<S>> {
  return readValue(parse((await readBytes(request, SIZES.workerBody)).toString('utf8')), shape, 'body');
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    // A parser's message repeats parts of the body; they have no place in an answer or a log.
    throw new Problem('json_wrong', { cause: 'it cannot be parsed' });
  }
}

/** The raw body. @throws Problem `body_too_large`, `encoding_wrong`. */
export async function readBytes(request: Request, limit: number): Promise<Buffer> {
  const { 'content-encoding': encoding = 'identity', 'content-length': announced = '0' } = request.headers;
  if (encoding !== 'identity') throw new Problem('encoding_wrong', { encoding: encoding.slice(0, 50) });
  if (Number(announced) > limit) throw new Problem('body_too_large', { limit });
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limit) throw new Problem('body_too_large', { limit });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
