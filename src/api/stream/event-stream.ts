import { once } from 'node:events';
import type { Response } from 'express';
import { TIMES } from '../../../config/times.ts';
import type { StreamMessage } from '../../core/view.ts';

/** The sending side of a server-sent event stream (WHATWG HTML, "Server-sent events"). */
export interface EventStream {
  /** Resolves when there is room for more; a reader that is gone gets nothing. @param id What the browser tells on reconnect. */
  send(message: StreamMessage, id?: string): Promise<void>;
  /** Aborts when the reader is gone. */
  readonly gone: AbortSignal;
}

/** Begins the stream: no buffering on the way, a comment every so often, so that proxies keep it open. */
export function openEventStream(response: Response): EventStream {
  const controller = new AbortController();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 1000\n\n');
  const comments = setInterval(() => response.write(':\n\n'), TIMES.sseComment);
  response.once('close', () => {
    clearInterval(comments);
    controller.abort();
  });
  response.on('error', () => controller.abort());
  return {
    gone: controller.signal,
    send: async (message, id) => {
      if (controller.signal.aborted) return;
      const head = id === undefined ? '' : `id: ${id}\n`;
      if (!response.write(`${head}data: ${JSON.stringify(message)}\n\n`))
        await once(response, 'drain', { signal: controller.signal }).catch(() => undefined);
    },
  };
}
