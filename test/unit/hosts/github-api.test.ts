import { randomInt, randomUUID } from 'node:crypto';
import { RequestError } from 'octokit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import { readFailure } from '../../../src/hosts/github/read-failure.ts';
import type { GitHost, HostAnswer, HostRepository } from '../../../src/ports/git-host.ts';
import type { DeliverySource, HostDeliveries } from '../../../src/ports/host-deliveries.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';

/** Its own in each test: there is a second between two writes with one token. */
let TOKEN: string;
let installation: number;
const COMMIT = 'a'.repeat(40);
const STATUS = {
  commit: COMMIT,
  state: 'success',
  context: 'slipway/build',
  description: 'succeeded in 3 s',
  targetUrl: 'https://ci.example/builds/bld_1',
} as const;
let byToken: HostRepository;
const byApp = (id: number | null): HostRepository => ({
  name: 'shop/web',
  access: { kind: 'app', installation: id === null ? null : String(id) },
});

let github: GithubServer;
let host: GitHost & HostDeliveries;
let now: number;
beforeEach(async () => {
  github = await startGithubServer();
  TOKEN = `ghp_${randomUUID().replaceAll('-', '')}`;
  installation = randomInt(100, 1e9);
  byToken = { name: 'shop/web', access: { kind: 'token', token: TOKEN } };
  github.repositories.add('shop/web');
  github.tokens.set(TOKEN, ['statuses', 'webhooks']);
  github.app.installations.set('shop/web', { id: installation, permissions: ['statuses', 'contents'] });
  now = Date.now();
  host = connectGithub({ api: github.url, app: github.app, clock: { nowMs: () => now } });
});
afterEach(async () => {
  await github.close();
  expect(github.violations).toEqual([]);
});

/** What came of a question, in one line. */
function told(answer: HostAnswer<unknown>): string {
  if (answer.kind === 'ok') return 'ok';
  const { code, message, fix } = answer.problem;
  const waits = answer.kind === 'later' ? ` after ${Math.round(answer.afterMs / 1_000)} s` : '';
  expect(JSON.stringify(answer) + message + fix + String(answer.problem.stack)).not.toContain(TOKEN);
  return `${answer.kind}${waits}: ${code}: ${message}`;
}

describe('a status', () => {
  it('is set with the token of its project, as it was given', async () => {
    expect(await host.setStatus(byToken, STATUS)).toEqual({ kind: 'ok', value: null });
    expect(github.statuses).toEqual([{ repository: 'shop/web', ...STATUS }]);
    expect(github.requests).toEqual([`POST /repos/shop/web/statuses/${COMMIT} as ${TOKEN}`]);
  });

  it("is set a second after the one before, wherever the machine's clock jumps", async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const beganMs = performance.now();
      for (const jumpMs of [0, 5 * 3_600_000, -5 * 3_600_000]) {
        vi.setSystemTime(Date.now() + jumpMs);
        expect(await host.setStatus(byToken, STATUS)).toEqual({ kind: 'ok', value: null });
      }
      expect(performance.now() - beganMs).toBeGreaterThan(1_990);
    } finally {
      vi.useRealTimers();
    }
  }, 20_000);

  it.each([
    [
      401,
      'Bad credentials',
      /^refused: host_token_wrong: .* does not accept the token of shop\/web: Bad credentials\.$/,
    ],
    [
      403,
      'Resource not accessible',
      /^refused: host_not_permitted: .* answered 403 when the token of shop\/web was to set a status on shop\/web: Resource not accessible\.$/,
    ],
    [404, 'Not Found', /^refused: host_not_permitted: .* answered 404 /],
    [
      422,
      'No commit found for SHA: aaaa',
      /^refused: host_refused: .* answered 422 .*: No commit found for SHA: aaaa\.$/,
    ],
    [410, 'Gone', /^refused: host_refused: /],
    [
      500,
      '',
      /^later after 0 s: host_unavailable: .* cannot be asked to set a status on shop\/web now: HTTP 500\.$/,
    ],
    [503, '', /^later after 0 s: host_unavailable: /],
  ])('that is answered %i %s', async (status, message, wanted) => {
    github.failNext(/statuses/, { status, message });
    expect(told(await host.setStatus(byToken, STATUS))).toMatch(wanted);
    expect(github.requests).toHaveLength(1);
  });

  it('says which permission is missing', async () => {
    github.tokens.set(TOKEN, []);
    const answer = await host.setStatus(byToken, STATUS);
    expect(answer.kind === 'refused' && answer.problem.fix).toContain('"Commit statuses: read and write"');
  });

  it('whose connection is cut may be set later', async () => {
    github.failNext(/statuses/, 'cut');
    expect(told(await host.setStatus(byToken, STATUS))).toMatch(/^later after 0 s: host_unavailable/);
  });

  it('that is not answered is given up when the server ends', async () => {
    github.failNext(/statuses/, 'hang');
    const ending = new AbortController();
    const asked = host.setStatus(byToken, STATUS, ending.signal);
    await expect.poll(() => github.requests.length).toBe(1);
    ending.abort(new Error('the server ends'));
    await expect(asked).rejects.toThrow('the server ends');
  });

  it('waits where nothing listens', async () => {
    const gone = await startGithubServer();
    await gone.close();
    const nobody = connectGithub({ api: gone.url, app: null, clock: { nowMs: () => now } });
    expect(told(await nobody.setStatus(byToken, STATUS))).toMatch(/^later after 0 s: .*ECONNREFUSED/);
  });
});

describe('a rate limit', () => {
  /** Octokit does not hold reading requests back. */
  const READ = /^GET/;
  const reset = () => String(Math.floor(now / 1_000) + 600);
  it.each([
    ['Retry-After', { status: 429, headers: { 'retry-after': '120' } }, 120],
    ['Retry-After of a secondary limit', { status: 403, headers: { 'retry-after': '30' } }, 30],
    ['Retry-After of a failure', { status: 503, headers: { 'retry-after': '7' } }, 7],
    [
      'the words of a secondary limit',
      { status: 403, message: 'You have exceeded a secondary rate limit. Please wait.' },
      60,
    ],
    ['429 alone', { status: 429 }, 60],
    ['a time far away, which is cut', { status: 429, headers: { 'retry-after': '99999999' } }, 7_200],
  ])('by %s is kept: nothing is sent before', async (_by, failure, seconds) => {
    github.failNext(READ, failure);
    expect(told(await host.tryRepository(byToken))).toMatch(new RegExp(`^later after ${seconds} s: `));
    now += seconds * 1_000 - 1_000;
    expect(told(await host.tryRepository(byToken))).toMatch(/^later after 1 s: .*wants no requests/);
    expect(github.requests).toHaveLength(1);
    now += 1_001;
    expect(told(await host.tryRepository(byToken))).toBe('ok');
  });

  it("by x-ratelimit-reset is kept by GitHub's own clock", async () => {
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': reset(),
      date: new Date(now + 300_000).toUTCString(),
    };
    github.failNext(READ, { status: 403, headers, message: 'API rate limit exceeded' });
    const [, seconds] = /^later after (\d+) s/.exec(told(await host.tryRepository(byToken))) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(300);
    expect(Number(seconds)).toBeLessThanOrEqual(302);
  });

  it('that comes again and again without a time is waited for longer each time', async () => {
    const waits: string[] = [];
    for (let times = 0; times < 4; times++) {
      github.failNext(READ, { status: 403, message: 'secondary rate limit' });
      waits.push(told(await host.tryRepository(byToken)).split(':')[0] ?? '');
      now += 3_600_000;
    }
    expect(waits).toEqual([
      'later after 60 s',
      'later after 120 s',
      'later after 240 s',
      'later after 480 s',
    ]);
  });

  it('of one token stops no other', async () => {
    github.tokens.set('ghp_other', ['statuses']);
    github.failNext(READ, { status: 429, headers: { 'retry-after': '120' } });
    await host.tryRepository(byToken);
    const other = { name: 'shop/web', access: { kind: 'token', token: 'ghp_other' } } as const;
    expect(told(await host.tryRepository(other))).toBe('ok');
  });
});

describe('what GitHub says', () => {
  it.each([
    'its own',
    'ghs_abcdefghijklmnopqrstuvwxyz',
    'github_pat_11ABCDEFG0abcdefghijklm',
    'Bearer eyJhbGciOi.eyJpc3Mi.c2ln',
  ])('never brings a token into a message: %s', async (given) => {
    const secret = given === 'its own' ? TOKEN : given;
    github.failNext(/statuses/, { status: 403, message: `refused for ${secret}\nand more` });
    const text = told(await host.setStatus(byToken, STATUS));
    expect(text).toMatch(/refused for \*\*\* and more/);
    expect(text).not.toContain(secret.slice(-12));
  });

  it('is not printed', async () => {
    const printed: unknown[] = [];
    const { warn, error, log } = console;
    Object.assign(
      console,
      Object.fromEntries(
        ['warn', 'error', 'log'].map((name) => [name, (...args: unknown[]) => printed.push(args)]),
      ),
    );
    try {
      const headers = { 'retry-after': '1', deprecation: 'true', sunset: 'tomorrow' };
      github.failNext(/statuses/, { status: 429, headers, message: 'secondary rate limit' });
      await host.setStatus(byToken, STATUS);
    } finally {
      Object.assign(console, { warn, error, log });
    }
    expect(printed).toEqual([]);
  });
});

describe('the GitHub App', () => {
  it('sets a status with a token for that repository and that alone, and keeps it', async () => {
    expect(told(await host.setStatus(byApp(installation), STATUS))).toBe('ok');
    expect(told(await host.setStatus(byApp(installation), { ...STATUS, state: 'failure' }))).toBe('ok');
    const [token = ''] = github.app.tokens;
    expect(github.requests).toEqual([
      `POST /app/installations/${installation}/access_tokens as the app`,
      `POST /repos/shop/web/statuses/${COMMIT} as ${token}`,
      `POST /repos/shop/web/statuses/${COMMIT} as ${token}`,
    ]);
    expect(github.tokens.get(token)).toEqual(['statuses']);
  });

  it('finds the installation of a repository where none is known', async () => {
    expect(await host.findInstallation('shop/web')).toEqual({ kind: 'ok', value: String(installation) });
    expect(await host.findInstallation('shop/other')).toEqual({ kind: 'ok', value: null });
    expect(told(await host.setStatus(byApp(null), STATUS))).toBe('ok');
  });

  it('finds the new one when the known one is gone, or is no longer that of the repository', async () => {
    expect(told(await host.setStatus(byApp(12), STATUS))).toBe('ok');
    github.app.installations.set('shop/else', { id: 13, permissions: ['statuses'] });
    const again = connectGithub({ api: github.url, app: github.app, clock: { nowMs: () => now } });
    expect(told(await again.setStatus(byApp(13), STATUS))).toBe('ok');
    expect(told(await again.setStatus(byApp(13), STATUS))).toBe('ok');
    expect(github.requests.filter((line) => line.includes('/installations/13/'))).toHaveLength(1);
  });

  it('says that it is not installed, and asks for no token then', async () => {
    github.app.installations.clear();
    expect(told(await host.setStatus(byApp(null), STATUS))).toMatch(
      /^refused: app_not_installed: .* shop\/web/,
    );
    expect(github.app.tokens).toEqual([]);
  });

  it('says which permission it lacks', async () => {
    github.app.installations.set('shop/web', { id: installation, permissions: ['contents'] });
    const answer = await host.setStatus(byApp(installation), STATUS);
    expect(told(answer)).toMatch(/make a token for shop\/web: The permissions requested are not granted/);
  });

  it('makes another token when the one it has is taken back, once', async () => {
    await host.setStatus(byApp(installation), STATUS);
    github.tokens.delete(github.app.tokens[0] ?? '');
    expect(told(await host.setStatus(byApp(installation), STATUS))).toBe('ok');
    expect(github.app.tokens).toHaveLength(2);
    github.failNext(/statuses/, { status: 401 }, { status: 401 });
    expect(told(await host.setStatus(byApp(installation), STATUS))).toMatch(/^refused: host_token_wrong/);
  });

  it('gives a token that clones, until ten minutes before it ends', async () => {
    const first = await host.cloneToken('shop/web', String(installation));
    expect(first).toEqual({ kind: 'ok', value: github.app.tokens[0] });
    expect(github.tokens.get(github.app.tokens[0] ?? '')).toEqual(['contents']);
    now += 49 * 60_000;
    expect(await host.cloneToken('shop/web', String(installation))).toEqual(first);
    now += 2 * 60_000;
    expect(await host.cloneToken('shop/web', String(installation))).toEqual({
      kind: 'ok',
      value: github.app.tokens[1],
    });
    expect(github.app.tokens).toHaveLength(2);
  });

  it('is refused at the start with a key that is none', () => {
    const app = { id: '1', key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' };
    expect(() => connectGithub({ api: github.url, app, clock: { nowMs: () => now } })).toThrow(
      'SLIPWAY_GITHUB_APP_KEY: is not a private key that can be read.',
    );
  });

  it('is not there unless it is named', async () => {
    const without = connectGithub({ api: github.url, app: null, clock: { nowMs: () => now } });
    expect(without.hasApp).toBe(false);
    expect(told(await without.cloneToken('shop/web', String(installation)))).toMatch(
      /^refused: app_not_installed/,
    );
    expect(github.requests).toEqual([]);
  });
});

describe('the deliveries of a webhook', () => {
  let source: DeliverySource;
  beforeEach(() => {
    source = { kind: 'webhook', repository: byToken, webhook: '5' };
  });

  it('are found by its address', async () => {
    github.webhooks.push({ id: 4, repository: 'shop/web', url: 'https://else.example/webhooks/github' });
    github.webhooks.push({ id: 5, repository: 'shop/web', url: 'https://ci.example/webhooks/github' });
    expect(await host.findWebhook(byToken, 'https://ci.example/webhooks/github')).toEqual({
      kind: 'ok',
      value: '5',
    });
    expect(await host.findWebhook(byToken, 'https://ci.example/')).toEqual({ kind: 'ok', value: null });
    github.tokens.set(TOKEN, ['statuses']);
    expect(told(await host.findWebhook(byToken, 'x'))).toMatch(
      /^refused: host_not_permitted: .* list the webhooks/,
    );
  });

  it('come page by page, newest first, with the end of the second in which they were sent', async () => {
    const at = Math.floor(now / 1_000) * 1_000 - 600_000;
    for (let n = 0; n < 150; n++)
      github.deliveries.push({ to: 5, event: 'push', payload: {}, deliveredAtMs: at + n * 1_000 });
    const first = await host.list(source, null);
    if (first.kind !== 'ok') throw new Error(told(first));
    expect(first.value.items).toHaveLength(100);
    expect(first.value.items[0]).toEqual({
      id: '1149',
      hostDeliveryId: 'guid-149',
      event: 'push',
      deliveredAtMs: at + 149_999,
    });
    const second = await host.list(source, first.value.next);
    expect(second.kind === 'ok' && [second.value.items.length, second.value.next]).toEqual([50, null]);
  });

  it("are told in our time where GitHub's clock differs", async () => {
    const at = Math.floor(now / 1_000) * 1_000;
    github.deliveries.push({ to: 5, event: 'push', payload: {}, deliveredAtMs: at });
    now += 600_000;
    const page = await host.list(source, null);
    const [item] = page.kind === 'ok' ? page.value.items : [];
    expect(Math.abs((item?.deliveredAtMs ?? 0) - (at + 600_000))).toBeLessThan(3_000);
  });

  it('have their payload, with numbers as GitHub wrote them', async () => {
    const big = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('9007199254740993123');
    const payload = { action: 'opened', repository: { full_name: 'Shop/Web' }, big };
    github.deliveries.push({ to: 5, event: 'push', payload, deliveredAtMs: now });
    const answer = await host.read(source, '1000');
    expect(answer).toEqual({
      kind: 'ok',
      value: { action: 'opened', repository: 'shop/web', body: JSON.stringify(payload) },
    });
    expect(JSON.stringify(answer)).toContain('9007199254740993123');
  });

  it('are those of the App, asked for as the App', async () => {
    github.deliveries.push({ to: 'app', event: 'push', payload: {}, deliveredAtMs: now });
    const page = await host.list({ kind: 'app' }, null);
    expect(page.kind === 'ok' && page.value.items).toHaveLength(1);
    expect(github.requests).toEqual(['GET /app/hook/deliveries?per_page=100 as the app']);
  });
});

it.each([
  ['https://api.github.com', 'https://github.com/shop/web.git', true],
  ['https://api.github.com', 'ssh://git@github.com/shop/web.git', true],
  ['https://api.github.com', 'https://gitlab.com/shop/web.git', false],
  ['https://api.github.com', 'https://github.com.evil.example/shop/web.git', false],
  ['https://ghe.example/api/v3', 'https://ghe.example/shop/web.git', true],
  ['https://api.shop.ghe.com', 'https://shop.ghe.com/shop/web.git', true],
])('the API %s serves %s: %s', (api, cloneUrl, wanted) => {
  expect(connectGithub({ api, app: null, clock: { nowMs: () => 0 } }).serves(cloneUrl)).toBe(wanted);
});

it('names the field that GitHub does not want', async () => {
  const errors = [
    { resource: 'Status', code: 'custom', field: 'sha', message: 'sha is too old' },
    { field: 'context', code: 'too_long' },
    'and more',
  ];
  const error = new RequestError('x', 422, {
    request: { method: 'POST', url: 'https://api.github.com', headers: {} },
    response: { status: 422, url: '', headers: {}, data: { message: 'Validation Failed', errors } },
  });
  expect(readFailure(error, 0, [])).toEqual({
    kind: 'refused',
    status: 422,
    cause: 'Validation Failed; sha is too old; context too_long; and more',
  });
});
