/**
 * An app in a slot: `node slot-app.ts <name> <address> <port> <journal>`. Each request it executes is a line
 * `<method> <X-Request-Id> <name>` of the journal, written before the answer. `/slow?ms=N` answers late, `/fail`
 * with 500, `/close` not at all: it closes the connection. An upgrade is echoed byte by byte.
 */
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [name = '', address = '', port = '', journal = ''] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => void answer(request, response));
});

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const id = request.headers['x-request-id'];
  if (typeof id === 'string') appendFileSync(journal, `${request.method} ${id} ${name}\n`);
  const url = new URL(request.url ?? '/', 'http://app');
  if (url.pathname === '/close') return void request.socket.destroy();
  if (url.pathname === '/slow') await sleep(Number(url.searchParams.get('ms')));
  response.writeHead(url.pathname === '/fail' ? 500 : 200, {
    'x-app': name,
    'x-host': request.headers.host ?? '',
    'content-type': 'text/plain',
  });
  response.end(`${name}\n`);
}

server.on('upgrade', (_request, socket) => {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-App: ${name}\r\n\r\n`,
  );
  socket.pipe(socket);
  socket.on('error', () => socket.destroy());
});

server.listen(Number(port), address, () => process.stdout.write('listening\n'));
