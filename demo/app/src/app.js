import http from 'node:http';
import { greeting } from './greeting.js';
import { readLink } from './read-link.js';
import { shortCode } from './short-code.js';

/** Longer than routers and clients keep an idle connection: who is about to use one finds it open. */
const IDLE_MS = 75_000;

/**
 * The service: `GET /` greets, `POST /links {url}` makes a short link, `GET /links` counts them, `GET /:code` leads
 * to its page, `GET /healthz` asks the store.
 */
export function createApp(store) {
  return http.createServer({ keepAliveTimeout: IDLE_MS }, (request, response) => {
    const answer = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(`${JSON.stringify(body)}\n`);
    };
    respond(store, request, answer).catch((error) => {
      console.error(error);
      answer(500, { error: 'the store does not answer' });
    });
  });
}

async function respond(store, request, answer) {
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /') return answer(200, { greeting: greeting() });
  if (route === 'GET /healthz') return answer(200, { links: await store.count() });
  if (route === 'GET /links') return answer(200, { links: await store.count() });
  if (route === 'POST /links') return addLink(store, await readBody(request), answer);
  const url = request.method === 'GET' ? await store.get(request.url.slice(1)) : null;
  if (url === null) return answer(404, { error: 'there is no such link' });
  return answer(302, { url }, { location: url });
}

async function addLink(store, body, answer) {
  const link = readLink(body);
  if (link.error) return answer(400, { error: link.error });
  const code = shortCode(link.url);
  await store.set(code, link.url);
  return answer(201, { code, url: link.url });
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
