import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { ServerAway, ServerClient } from '../../../../worker/server/server-client.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A client of a server that answers as told, and how many connections it has made. */
async function start(answer: RequestListener) {
  let connections = 0;
  const server = createServer(answer).on('connection', () => (connections += 1));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new ServerClient({ url, token: 'worker-token', instance: 'one' });
  return { client, url, connections: () => connections };
}

const ask = { method: 'POST', path: '/reports', body: { n: 1 }, timeoutMs: 5_000 } as const;
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

it('sends requests that follow one another over one connection, each with its body', async () => {
  const { client, connections } = await start((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => response.end(JSON.stringify({ text, type: request.headers['content-type'] })));
  });
  expect(await client.send(ask)).toEqual({ text: '{"n":1}', type: 'application/json' });
  const bytes = { ...ask, body: Buffer.from('äöü'), contentType: 'text/plain' };
  expect(await client.send(bytes)).toEqual({ text: 'äöü', type: 'text/plain' });
  expect(await client.send({ method: 'GET', path: '/secrets', timeoutMs: 5_000 })).toEqual({ text: '' });
  expect(connections()).toBe(1);
});

it('takes its token nowhere that it is sent on to', async () => {
  const asked: string[] = [];
  const { client } = await start((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: '/elsewhere' }).end('{}');
  });
  const error = await caught(client.send(ask));
  expect(error).toBeInstanceOf(ServerAway);
  expect((error as Error).message).toBe('POST /reports: HTTP 302');
  expect(asked).toEqual(['/worker/v1/reports']);
});

it('takes an answer that breaks off, or does not come in time, for none', async () => {
  const { client } = await start((request, response) => {
    if (request.url?.endsWith('/silent') === true) return;
    response.writeHead(200, { 'content-length': '100' }).write('{');
    setImmediate(() => response.destroy());
  });
  expect(await caught(client.send(ask))).toBeInstanceOf(ServerAway);
  const late = await caught(client.send({ ...ask, path: '/silent', timeoutMs: 50 }));
  expect(late).toBeInstanceOf(ServerAway);
  expect((late as Error).message).toContain('timeout');
});

it('hands out an answer as it comes, and says when it is cut', async () => {
  const { client } = await start((_, response) => {
    response.writeHead(200).write('one');
    setTimeout(() => response.destroy(), 50);
  });
  const parts: string[] = [];
  const reading = (async () => {
    const { signal } = new AbortController();
    for await (const part of await client.open({ ...ask, signal })) parts.push(Buffer.from(part).toString());
  })();
  expect(await caught(reading)).toBeInstanceOf(Error);
  expect(parts).toEqual(['one']);
});

it('ends a request and the reading of an answer with its signal, whether anybody reads or not', async () => {
  const gone: Promise<unknown>[] = [];
  const { client } = await start((request, response) => {
    gone.push(new Promise((resolve) => response.once('close', resolve)));
    if (request.url?.endsWith('/source') === true) response.writeHead(200).write('one');
  });
  const stop = new AbortController();
  const reason = new Error('enough');
  const sending = caught(client.send({ ...ask, signal: stop.signal }));
  const [read, unread] = await Promise.all(
    [1, 2].map(() => client.open({ ...ask, path: '/source', signal: stop.signal })),
  );
  const reading = caught(
    (async () => {
      for await (const part of read ?? []) expect(Buffer.from(part).toString()).toBe('one');
    })(),
  );
  setTimeout(() => stop.abort(reason), 50);
  expect(await sending).toBe(reason);
  expect(await reading).toBeInstanceOf(Error);
  expect(unread).toBeDefined();
  await Promise.all(gone);
  expect(gone).toHaveLength(3);
});
