import type { Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { TIMES } from '../../config/times.ts';

const answers = new WeakMap<Server | HttpsServer, Set<ServerResponse>>();
const standing = new WeakSet<ServerResponse>();
/** Those that a server which ends waits for. */
const last = new WeakSet<ServerResponse>();

/** Has {@link endHttpServer} know which requests of a server have no answer yet. */
export function noteAnswers(server: Server | HttpsServer): void {
  const open = new Set<ServerResponse>();
  answers.set(server, open);
  server.on('request', (_, response: ServerResponse) => {
    open.add(response);
    // Each middleware that waits for its end is one, and a pipeline into it is several.
    response.setMaxListeners(20);
    response.once('close', () => open.delete(response));
  });
}

/** Says of an answer that it only waits for news: at the server's end nobody waits for it; who reads it comes again. */
export function standsOpen(response: ServerResponse): void {
  if (last.has(response)) response.destroy();
  else standing.add(response);
}

/**
 * Takes no more connections and resolves when all are closed: idle ones and answers that stand open at once, those with
 * a request under way with its answer, which says so (`Connection: close`, RFC 9112, 9.6), all others after `graceMs`.
 * Node closes the idle ones alone: a busy one would stay for the whole time of keep-alive after its answer.
 */
export async function endHttpServer(
  server: Server | HttpsServer,
  graceMs: number = TIMES.lastAnswers,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeAfter = (response: ServerResponse): void => {
    last.add(response);
    if (!response.headersSent) response.setHeader('connection', 'close');
    // Also where its head was sent before; the connection is idle only after this event.
    response.once('close', () => setImmediate(() => server.closeIdleConnections()));
  };
  for (const response of answers.get(server) ?? [])
    if (standing.has(response)) response.destroy();
    else closeAfter(response);
  server.prependListener('request', (_, response: ServerResponse) => closeAfter(response));
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(late);
}
