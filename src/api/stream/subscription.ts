import { z } from 'zod';
import { isLogId } from '../logs/log-param.ts';

const many = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .default([]);

const id = z.string().max(64);
const logAt = z
  .string()
  .regex(/^\w{1,64}(:\d{1,10})?$/, 'is not <log>:<line>')
  .transform((text) => {
    const [logId = '', line = '0'] = text.split(':');
    return { logId, fromLine: Number(line) };
  })
  .refine(({ logId }) => isLogId(logId), 'is not a log');

/** The query of `/api/v1/stream`: what one page wants to hear about. */
export const subscriptionQuery = z.object({
  builds: z.literal('1').optional(),
  deliveries: z.literal('1').optional(),
  build: many.pipe(z.array(id).max(16)),
  environment: many.pipe(z.array(id).max(256)),
  log: many.pipe(z.array(logAt).max(16)),
});

/**
 * Where logs go on after a reconnect: the SSE event id is `<log>:<line>,…`, the lines that are to be read next.
 * What is not of that form is left out.
 */
export function parseLastEventId(text: string | undefined): ReadonlyMap<string, number> {
  const parts = (text ?? '').slice(0, 4_096).split(',');
  return new Map(
    parts.flatMap((part): [string, number][] => {
      const [, logId = '', line = ''] = /^(\w{1,64}):(\d{1,10})$/.exec(part) ?? [];
      return isLogId(logId) ? [[logId, Number(line)]] : [];
    }),
  );
}
