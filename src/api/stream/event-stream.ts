import { once } from 'node:events';
import type { Response } from 'express';
import type { StreamMessage } from '../../core/views/stream-message.ts';
import { standsOpen } from '../end-http-server.ts';
import type { ApiLimits } from '../limits.ts';

/** The sending side of a server-sent event stream (WHATWG HTML, "Server-sent events"). */
export interface EventStream {
  /**
   * Sends a message when those before it are through to the reader, and resolves when this one is; a reader that is
   * gone gets nothing. @param id What the browser tells on reconnect.
   */
  send(message: StreamMessage, id?: string): Promise<void>;
  /** Aborts when the reader is gone. */
  readonly gone: AbortSignal;
}

/** The head of a stream's answer: nothing on the way is to buffer it. */
export const STREAM_HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

/**
 * Begins the stream. A comment every so often keeps proxies from closing it, and lets the system notice a reader that
 * is dead; one that takes nothing for too long is cut off, and so is every reader when `ended` aborts.
 */
export function openEventStream(
  response: Response,
  { ended, limits }: { readonly ended: AbortSignal; readonly limits: ApiLimits },
): EventStream {
  const controller = new AbortController();
  const gone = controller.signal;
  const cut = (): void => void response.destroy();
  // Node counts a write that makes progress as activity, so only a reader that takes nothing runs into this.
  response.setTimeout(limits.streamStallMs, cut);
  const comments = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, limits.streamCommentMs);
  response.once('close', () => {
    clearInterval(comments);
    ended.removeEventListener('abort', cut);
    controller.abort();
  });
  response.on('error', () => controller.abort());
  standsOpen(response);
  response.writeHead(200, STREAM_HEAD);
  response.write('retry: 1000\n\n');
  if (ended.aborted) cut();
  else ended.addEventListener('abort', cut);

  let last = Promise.resolve();
  const sendNow = async (message: StreamMessage, id: string | undefined): Promise<void> => {
    if (gone.aborted) return;
    const head = id === undefined ? '' : `id: ${id}\n`;
    if (!response.write(`${head}data: ${JSON.stringify(message)}\n\n`))
      await once(response, 'drain', { signal: gone }).catch(() => undefined);
  };
  return { gone, send: (message, id) => (last = last.then(() => sendNow(message, id))) };
}
