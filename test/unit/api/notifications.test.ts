import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NotificationTargetView } from '../../../src/core/notification.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const SECRET = 'what signs the messages';
const URL_PART = 'path-of-its-own';
const WEBHOOK = {
  kind: 'webhook',
  url: `https://hooks.example.com/${URL_PART}?token=x`,
  secret: SECRET,
  events: ['build.failed', 'build.recovered'],
  branches: ['main'],
};
const EMAIL = { kind: 'email', addresses: ['ada@example.com'], events: ['deployment.failed'] };
const targets = '/projects/shop%2Fweb/notifications';

let directory: string;
let host: GitHost;
let server: TestServer;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-targets-'));
  host = await startGitHost();
  const repository = host.create('shop/web');
  repository.commit({ 'README.md': 'shop\n' });
  server = await startTestServer({ directory, intake: false });
  expect((await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl })).status).toBe(201);
});
afterAll(async () => {
  await server.close();
  await host.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

const list = async () =>
  ((await (await server.api('GET', targets)).json()) as Page<NotificationTargetView>).items;
const codeOf = async (answer: Response) => {
  const { error } = (await answer.json()) as { error: { code: string; details: { field?: string } } };
  return `${answer.status} ${error.code} ${error.details.field ?? ''}`.trim();
};

describe('a target', () => {
  it('is added, shown without what is secret of it, tried and removed', async () => {
    const answer = await server.api('POST', targets, WEBHOOK);
    expect(answer.status).toBe(201);
    const made = (await answer.json()) as NotificationTargetView;
    expect(made).toMatchObject({
      kind: 'webhook',
      to: ['https://hooks.example.com'],
      events: ['build.failed', 'build.recovered'],
      branches: ['main'],
      last: null,
    });
    expect(await list()).toEqual([made]);
    expect((await server.api('POST', `${targets}/${made.id}/test`)).status).toBe(202);
    expect((await list())[0]?.last).toMatchObject({ state: 'pending', result: null });
    const files = (await readdir(directory)).filter((name) => name.startsWith('slipway.db'));
    const stored = await Promise.all(files.map((name) => readFile(path.join(directory, name), 'latin1')));
    const told = stored.join('') + JSON.stringify(await list()) + server.logged.join('');
    for (const value of [SECRET, URL_PART]) expect(told.includes(value)).toBe(false);
    expect((await server.api('DELETE', `${targets}/${made.id}`)).status).toBe(204);
    expect(await list()).toEqual([]);
    expect(await codeOf(await server.api('DELETE', `${targets}/${made.id}`))).toBe('404 not_found');
    expect(await codeOf(await server.api('POST', `${targets}/${made.id}/test`))).toBe('404 not_found');
  });

  it('is changed in place: what is left out stays, and what is secret is never told', async () => {
    const made = (await (await server.api('POST', targets, WEBHOOK)).json()) as NotificationTargetView;
    const own = `${targets}/${made.id}`;
    const moved = await server.api('PATCH', own, {
      url: 'https://new.example.com/x',
      events: ['build.ended'],
    });
    expect(await moved.json()).toEqual({
      ...made,
      to: ['https://new.example.com'],
      events: ['build.ended'],
    });
    const { targets: known } = server.deps;
    expect(await known.open(made.id)).toEqual({
      kind: 'webhook',
      url: 'https://new.example.com/x',
      secret: SECRET,
    });
    expect((await server.api('PATCH', own, { secret: 'another secret of ours' })).status).toBe(200);
    expect(await known.open(made.id)).toMatchObject({ secret: 'another secret of ours' });
    expect((await server.api('PATCH', own, {})).status).toBe(200);
    const before = await list();
    for (const [change, field] of [
      [{ secret: 'too short' }, 'secret'],
      [{ url: 'ftp://new.example.com/' }, 'url'],
      [{ events: [] }, 'events'],
      [{ addresses: ['a@b.c'] }, 'addresses'],
    ] as const)
      expect(await codeOf(await server.api('PATCH', own, change))).toBe(`400 request_wrong ${field}`);
    expect(await codeOf(await server.api('PATCH', `${targets}/ntf_none`, {}))).toBe('404 not_found');
    expect(await list()).toEqual(before);
    expect((await server.api('DELETE', own)).status).toBe(204);
  });

  it('of e-mail gets other addresses, and nothing goes to those that it had', async () => {
    const made = (await (await server.api('POST', targets, EMAIL)).json()) as NotificationTargetView;
    await server.api('POST', `${targets}/${made.id}/test`);
    const changed = await server.api('PATCH', `${targets}/${made.id}`, { addresses: ['d@e.f', 'd@e.f'] });
    expect(await changed.json()).toMatchObject({ to: ['d@e.f'], events: EMAIL.events });
    const left = await server.deps.store.db.selectFrom('outbox').select('target').execute();
    expect(left.map(({ target }) => target)).not.toContain(`${made.id} ada@example.com`);
    expect(await codeOf(await server.api('PATCH', `${targets}/${made.id}`, { url: WEBHOOK.url }))).toBe(
      '400 request_wrong url',
    );
    expect((await server.api('DELETE', `${targets}/${made.id}`)).status).toBe(204);
  });

  it('of e-mail shows its addresses, each once', async () => {
    const answer = await server.api('POST', targets, { ...EMAIL, addresses: ['a@b.c', 'd@e.f', 'a@b.c'] });
    expect(await answer.json()).toMatchObject({ kind: 'email', to: ['a@b.c', 'd@e.f'], branches: [] });
  });

  it.each([
    [{ ...WEBHOOK, url: 'ftp://hooks.example.com/' }, 'url'],
    [{ ...WEBHOOK, url: 'hooks.example.com' }, 'url'],
    [{ ...WEBHOOK, url: 'https://user:password@hooks.example.com/' }, 'url'],
    [{ ...WEBHOOK, secret: 'too short' }, 'secret'],
    [{ ...WEBHOOK, secret: undefined }, 'secret'],
    [{ ...WEBHOOK, events: [] }, 'events'],
    [{ ...WEBHOOK, events: ['build.none'] }, 'events.0'],
    [{ ...WEBHOOK, branches: ['two words'] }, 'branches.0'],
    [{ ...EMAIL, addresses: [] }, 'addresses'],
    [{ ...EMAIL, addresses: ['ada'] }, 'addresses.0'],
    [{ ...EMAIL, addresses: ['a@b.c, d@e.f'] }, 'addresses.0'],
    [{ ...EMAIL, addresses: ['a@b.c\r\nBcc: d@e.f'] }, 'addresses.0'],
    [{ ...EMAIL, addresses: ['"a b"@c.d'] }, 'addresses.0'],
    [{ ...EMAIL, kind: 'pager' }, 'kind'],
  ])('is refused where it is wrong: %j', async (body, field) => {
    const before = await list();
    expect(await codeOf(await server.api('POST', targets, body))).toBe(`400 request_wrong ${field}`);
    expect(await list()).toEqual(before);
  });

  it('goes with its project', async () => {
    expect((await server.api('DELETE', '/projects/shop%2Fweb')).status).toBe(204);
    const left = await server.deps.store.db.selectFrom('notification_target').select('id').execute();
    expect(left).toEqual([]);
  });
});

it('e-mail is refused where the server has no mail server, with what to set', async () => {
  const without = await startTestServer({
    intake: false,
    change: ({ settings }) => ({ settings: { ...settings, hasMailServer: false } }),
  });
  try {
    const other = host.create('shop/other');
    other.commit({ 'a.txt': 'a\n' });
    const made = await without.api('POST', '/projects', { cloneUrl: other.cloneUrl });
    expect(made.status).toBe(201);
    const answer = await without.api('POST', '/projects/shop%2Fother/notifications', EMAIL);
    expect(await codeOf(answer)).toBe('409 mail_server_missing');
  } finally {
    await without.close();
  }
});
