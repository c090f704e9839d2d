import express from 'express';
import { append, readChunks } from '../../src/api/worker/logs.ts';
import { openEventStream } from '../../src/api/stream/event-stream.ts';
import { streamLogs } from '../../src/api/stream/stream-logs.ts';
import { openFileLogStore } from '../../src/logs/file-log-store.ts';

/** The log's part of a server, without its leases: chunks in, durable; server-sent events out. */
const [folder = ''] = process.argv.slice(2);
const logs = openFileLogStore(folder);
const app = express();
app.post('/worker/v1/logs', async (request, response) => {
  const chunks = await readChunks(request);
  const own = new Set(chunks.map(({ logId }) => logId));
  response.json(await append({ logs }, chunks, own));
});
app.get('/stream/:log', async (request, response) => {
  await streamLogs({ logs }, new Map([[request.params.log, 0]]), openEventStream(response));
});
app.get('/logs/:log', async (request, response) => {
  response.json(await logs.state(request.params.log));
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit());
