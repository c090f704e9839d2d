import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createApp } from '../../src/app.js';
import { openStore } from '../../src/store.js';

let store;
let server;
let url;

before(async () => {
  store = await openStore(process.env.STORE);
  server = createApp(store).listen(0);
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  server.close();
  await store.close();
});

test('links live in the database, whichever process asks', async () => {
  const before = (await (await fetch(`${url}/links`)).json()).links;
  const made = await fetch(`${url}/links`, { method: 'POST', body: '{"url":"https://example.com/quay"}' });
  const { code } = await made.json();
  const other = await openStore(process.env.STORE);
  assert.equal(await other.get(code), 'https://example.com/quay');
  await other.close();
  assert.equal((await (await fetch(`${url}/healthz`)).json()).links, before + 1);
});

test('a hundred links at once are all kept', async () => {
  const urls = Array.from({ length: 100 }, (_, i) => `https://example.com/berth/${i}`);
  const answers = await Promise.all(
    urls.map((link) => fetch(`${url}/links`, { method: 'POST', body: JSON.stringify({ url: link }) })),
  );
  const codes = await Promise.all(answers.map(async (answer) => (await answer.json()).code));
  for (const [i, code] of codes.entries()) {
    const followed = await fetch(`${url}/${code}`, { redirect: 'manual' });
    assert.equal(followed.headers.get('location'), urls[i]);
  }
});
