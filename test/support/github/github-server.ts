import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { APP_KEY, isSignedByApp } from './app-token.ts';
import { answerAboutChecks } from './check-runs.ts';
import { findOperation, type Operation } from './openapi.ts';

/**
 * GitHub's API for tests, over real HTTP: each request and each answer is held against GitHub's published description,
 * and what is wrong with them is kept in `violations`, which a test finds empty at its end.
 */
export interface GithubServer {
  readonly url: string;
  readonly violations: readonly string[];
  /** Each request, e.g. `POST /repos/shop/web/statuses/aaaa… as ghp_token`. */
  readonly requests: readonly string[];
  /** Statuses that were set, in their order. */
  readonly statuses: readonly SetStatus[];
  /** Check runs that were made, in their order. */
  readonly checks: CheckRun[];
  /** What each token may, e.g. `statuses`, `webhooks`; one that is not here is not accepted. */
  readonly tokens: Map<string, readonly string[]>;
  /** Full names of the repositories there are. */
  readonly repositories: Set<string>;
  readonly app: TestApp;
  /** Webhooks of repositories. */
  readonly webhooks: { readonly id: number; readonly repository: string; readonly url: string }[];
  /** What was sent, oldest first; `to` is `app` or the id of a webhook. */
  readonly deliveries: SentDelivery[];
  /** Answers the next request whose `METHOD /path` matches with this instead. */
  failNext(request: RegExp, ...failures: readonly Failure[]): void;
  close(): Promise<void>;
}

export interface SetStatus {
  readonly repository: string;
  readonly commit: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly targetUrl: string;
}

export interface CheckRun {
  readonly id: number;
  readonly repository: string;
  readonly commit: string;
  readonly name: string;
  readonly externalId: string;
  readonly conclusion: string;
  title: string;
  summary: string;
  /** As they came, e.g. `src/a.ts:3 cart › adds: expected 1`. */
  readonly annotations: string[];
}

export interface TestApp {
  readonly id: string;
  /** PEM. */
  readonly key: string;
  /** By repository. */
  readonly installations: Map<string, { id: number; permissions: readonly string[] }>;
  /** How long a token holds, ms. */
  tokenMs: number;
  /** Tokens that were made. */
  readonly tokens: string[];
}

export interface SentDelivery {
  readonly to: 'app' | number;
  /** Default: counted. */
  readonly id?: string;
  readonly guid?: string;
  readonly event: string;
  readonly payload: object | null;
  readonly deliveredAtMs: number;
  /** What the receiver answered; 502 where nothing answered. */
  readonly statusCode?: number;
}

export type Failure =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  | 'cut'
  | 'hang';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startGithubServer(): Promise<GithubServer> {
  const state: State = {
    violations: [],
    requests: [],
    statuses: [],
    checks: [],
    tokens: new Map(),
    repositories: new Set(),
    app: { id: '4711', key: APP_KEY, installations: new Map(), tokenMs: 3_600_000, tokens: [] },
    webhooks: [],
    deliveries: [],
    failures: [],
    url: '',
  };
  const server = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => {
      state.violations.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...state,
    failNext: (request, ...failures) =>
      void state.failures.push(...failures.map((failure) => ({ request, failure }))),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State extends Omit<GithubServer, 'failNext' | 'close' | 'url'> {
  url: string;
  readonly violations: string[];
  readonly requests: string[];
  readonly statuses: SetStatus[];
  readonly failures: { readonly request: RegExp; readonly failure: Failure }[];
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '/' } = request;
  const { pathname, searchParams } = new URL(url, state.url);
  const [, scheme = '', credential = ''] = /^(\w+) (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const isApp = scheme.toLowerCase() === 'bearer';
  const raw = await text(request);
  state.requests.push(`${method} ${url} as ${isApp ? 'the app' : credential}`);
  const operation = findOperation(method, pathname);
  if (operation === null) throw new Error(`${method} ${pathname} is not in GitHub's description`);
  const body = raw === '' ? undefined : (JSON.parse(raw) as unknown);
  state.violations.push(...operation.problemsOfRequest(searchParams, body));
  const planned = state.failures.findIndex((one) => one.request.test(`${method} ${pathname}`));
  const failure = planned < 0 ? undefined : state.failures.splice(planned, 1)[0]?.failure;
  if (failure === 'hang') return;
  if (failure === 'cut') return void response.destroy();
  const answered =
    failure === undefined
      ? handle(state, operation, { isApp, credential, query: searchParams, body })
      : { ...refuse(failure.status, failure.message ?? 'as the test wants'), headers: failure.headers ?? {} };
  state.violations.push(...operation.problemsOfAnswer(answered.status, answered.body));
  response.writeHead(answered.status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-remaining': '4999',
    ...answered.headers,
  });
  response.end(JSON.stringify(answered.body));
}

interface Asked {
  readonly isApp: boolean;
  readonly credential: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

function handle(state: State, operation: Operation, asked: Asked): Answer {
  const { params, name } = operation;
  const repository = `${params['owner'] ?? ''}/${params['repo'] ?? ''}`.toLowerCase();
  if (asked.isApp !== /^\w+ \/app\/|\/installation$/.test(name))
    return refuse(401, 'A JSON web token could not be decoded');
  if (asked.isApp && !isSignedByApp(asked.credential, state.app.id)) return refuse(401, 'Bad credentials');
  const rights = asked.isApp ? [] : state.tokens.get(asked.credential);
  if (rights === undefined) return refuse(401, 'Bad credentials');
  if (repository !== '/' && !asked.isApp && !state.repositories.has(repository))
    return refuse(404, 'Not Found');
  const least = (changes: object): object => ({ ...(operation.leastAnswer(200) as object), ...changes });
  switch (name) {
    case 'get /repos/{owner}/{repo}':
      return { status: 200, body: least({ full_name: repository }) };
    case 'post /repos/{owner}/{repo}/statuses/{sha}':
      if (!rights.includes('statuses'))
        return refuse(403, 'Resource not accessible by personal access token');
      return setStatus(state, operation, repository, asked.body as Record<string, string>);
    case 'post /repos/{owner}/{repo}/check-runs':
    case 'patch /repos/{owner}/{repo}/check-runs/{check_run_id}':
    case 'get /repos/{owner}/{repo}/commits/{ref}/check-runs':
      // GitHub: "Only GitHub Apps can create check runs"; tokens of people can read them.
      if (!rights.includes('checks')) return refuse(403, 'Resource not accessible by integration');
      return answerAboutChecks(state, operation, repository, asked);
    case 'get /repos/{owner}/{repo}/installation': {
      const id = state.app.installations.get(repository)?.id;
      return id === undefined ? refuse(404, 'Not Found') : { status: 200, body: least({ id }) };
    }
    case 'post /app/installations/{installation_id}/access_tokens':
      return makeToken(state, Number(params['installation_id']), asked.body as WantedToken);
    case 'get /repos/{owner}/{repo}/hooks':
      if (!rights.includes('webhooks')) return refuse(404, 'Not Found');
      return {
        status: 200,
        body: state.webhooks.filter((one) => one.repository === repository).map(webhookOf),
      };
    case 'get /app/hook/deliveries':
      return listDeliveries(state, 'app', '/app/hook/deliveries', asked.query);
    case 'get /repos/{owner}/{repo}/hooks/{hook_id}/deliveries': {
      const path = `/repos/${repository}/hooks/${params['hook_id'] ?? ''}/deliveries`;
      return listDeliveries(state, Number(params['hook_id']), path, asked.query);
    }
    case 'get /app/hook/deliveries/{delivery_id}':
    case 'get /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}': {
      const found = state.deliveries.findIndex((one, index) => idOf(one, index) === params['delivery_id']);
      const sent = state.deliveries[found];
      if (sent === undefined) return refuse(404, 'Not Found');
      const request = { headers: { 'x-github-event': sent.event }, payload: sent.payload };
      return { status: 200, body: least({ ...listed(sent, found), request }) };
    }
    default:
      throw new Error(`no answer to ${name}`);
  }
}

function refuse(status: number, message: string): Answer {
  return {
    status,
    body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
  };
}

function setStatus(
  state: State,
  { params, leastAnswer }: Operation,
  repository: string,
  body: Record<string, string>,
): Answer {
  const { state: to = '', context = '', description = '', target_url: targetUrl = '' } = body;
  const commit = params['sha'] ?? '';
  state.statuses.push({ repository, commit, context, state: to, description, targetUrl });
  const created = { ...(leastAnswer(201) as object), state: to, context, description, target_url: targetUrl };
  return { status: 201, body: created };
}

interface WantedToken {
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
}

function makeToken(state: State, installation: number, { repositories, permissions }: WantedToken): Answer {
  const own = [...state.app.installations].filter(([, { id }]) => id === installation);
  if (own.length === 0) return refuse(404, 'Not Found');
  const asked = repositories.map((name) => own.find(([full]) => full.endsWith(`/${name.toLowerCase()}`)));
  if (asked.includes(undefined))
    return refuse(422, 'There is at least one repository that does not exist or is not accessible');
  const missing = Object.keys(permissions).filter(
    (name) => name !== 'metadata' && !own[0]?.[1].permissions.includes(name),
  );
  if (missing.length > 0)
    return refuse(422, 'The permissions requested are not granted to this installation.');
  const token = `ghs_${randomUUID().replaceAll('-', '')}`;
  state.app.tokens.push(token);
  state.tokens.set(token, Object.keys(permissions));
  const expires_at = new Date(Date.now() + state.app.tokenMs).toISOString();
  return { status: 201, body: { token, expires_at, permissions } };
}

function webhookOf({ id, url }: { id: number; url: string }): object {
  return {
    ...{ type: 'Repository', id, name: 'web', active: true, events: ['push'], config: { url } },
    ...{ updated_at: '2026-01-01T00:00:00Z', created_at: '2026-01-01T00:00:00Z', url },
    ...{ test_url: url, ping_url: url, last_response: { code: null, status: null, message: null } },
  };
}

function listDeliveries(state: State, to: 'app' | number, path: string, query: URLSearchParams): Answer {
  const all = state.deliveries
    .map((sent, index) => ({ sent, index }))
    .filter(({ sent }) => sent.to === to)
    .reverse();
  const count = Number(query.get('per_page') ?? 30);
  const from = Number(/^v1_(\d+)$/.exec(query.get('cursor') ?? 'v1_0')?.[1] ?? NaN);
  if (Number.isNaN(from)) return refuse(422, 'Invalid cursor');
  const next = `<${state.url}${path}?per_page=${count}&cursor=v1_${from + count}>; rel="next"`;
  return {
    status: 200,
    body: all.slice(from, from + count).map(({ sent, index }) => listed(sent, index)),
    headers: from + count < all.length ? { link: next } : {},
  };
}

function listed(sent: SentDelivery, index: number): object {
  const status_code = sent.statusCode ?? 502;
  return {
    id: Number(idOf(sent, index)),
    guid: sent.guid ?? `guid-${index}`,
    delivered_at: new Date(sent.deliveredAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    redelivery: false,
    duration: 0.3,
    status: status_code < 300 ? 'OK' : 'failed to connect to host',
    status_code,
    event: sent.event,
    action: null,
    installation_id: null,
    repository_id: null,
  };
}

const idOf = (sent: SentDelivery, index: number): string => sent.id ?? String(1_000 + index);
