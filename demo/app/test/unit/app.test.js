import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createApp } from '../../src/app.js';
import { openStore } from '../../src/store.js';

let server;
let url;

before(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'links-'));
  server = createApp(await openStore(`file:${folder}/links.jsonl`)).listen(0);
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test('the first page greets the harbour', async () => {
  const answer = await fetch(url);
  assert.match((await answer.json()).greeting, /harbour/);
});

test('a link leads where it was told to', async () => {
  const made = await fetch(`${url}/links`, { method: 'POST', body: '{"url":"https://example.com/pier"}' });
  assert.equal(made.status, 201);
  const { code } = await made.json();
  const followed = await fetch(`${url}/${code}`, { redirect: 'manual' });
  assert.equal(followed.status, 302);
  assert.equal(followed.headers.get('location'), 'https://example.com/pier');
});

test('a code that nobody made leads nowhere', async () => {
  assert.equal((await fetch(`${url}/nothing`)).status, 404);
});
