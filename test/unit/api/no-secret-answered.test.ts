import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import { encodeFrames } from '../../../src/protocol/frames.ts';
import type { ClaimAnswer, RegisterAnswer } from '../../../src/protocol/worker.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import { routesOf } from '../../support/list-routes.ts';
import { alone, planOf, pushOf, stepOf } from '../../support/record.ts';
import { secretsIn } from '../../support/secret-forms.ts';
import { startTestServer, WEBHOOK_SECRETS, type TestServer } from '../../support/test-server.ts';

/** One of each kind that a server is given; those that it makes are added once they are made. */
const secrets: Record<string, string> = {
  'of a step': 'p@ss w/rd \'of\' a "step" + 100% $HOME é',
  'of no step': 'what-the-work-does-not-mention',
  'of the repository': 'ghp_aTokenOf+a/Private=Repository',
  'of the connection': 'ghp_of_the_connection_0123456789',
  'of a registry': 'what-opens+the/registry=',
  'of another registry': 'what-opens-what-the-work-does-not-name',
  "of a notification's address": 'T0-hook-B0-path-XyZ987',
  'of a notification': 'what signs the messages',
  'of the queue': 'what-opens-redis-for-one-worker',
  'of the webhook': WEBHOOK_SECRETS[0] ?? '',
  'of the webhook before': WEBHOOK_SECRETS[1] ?? '',
};

/** Who gets what, by design, once, and nobody else: whom it is for. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  'POST /api/v1/session': ['of the session'],
  'POST /api/v1/tokens': ['of ada'],
  'POST /api/v1/workers/tokens': ['of the worker'],
  'POST /worker/v1/workers': ['of the queue'],
  'POST /worker/v1/claims': ['of the lease'],
  'GET /worker/v1/leases/:lease/secrets': ['of a step', 'of a registry'],
};

/**
 * They need a deployment, a step that runs or runs in shares, an artifact that another workflow takes, or a registry: what
 * they answer then, the scenarios look at (test/scenarios/secrets-nowhere.test.ts).
 */
const ONLY_REFUSED = [
  'POST /api/v1/steps/:step/cancel',
  'GET /api/v1/environments/:environment',
  'POST /api/v1/environments/:environment/rollback',
  'DELETE /api/v1/environments/:environment',
  'POST /api/v1/deployments/:deployment/cancel',
  'POST /worker/v1/leases/:lease/splits',
  'GET /worker/v1/leases/:lease/artifacts/:artifact',
  'POST /worker/v1/leases/:lease/effects',
];

interface Sent {
  readonly body?: unknown;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Answer {
  readonly route: string;
  readonly status: number;
  readonly text: string;
}

let server: TestServer;
let github: GithubServer;
let host: GitHost;
let routes: readonly string[];
/** For the parameters of a path. */
const ids: Record<string, string> = { project: 'shop/web', name: 'npm_token', host: 'r.example.com' };
const answers: Answer[] = [];

beforeAll(async () => {
  github = await startGithubServer();
  for (const repository of ['shop/web', 'shop/app']) {
    github.repositories.add(repository);
    github.app.installations.set(repository, { id: 77, permissions: ['contents', 'statuses'] });
  }
  github.tokens.set(secrets['of the connection'] ?? '', ['statuses']);
  secrets['of the App'] = github.app.key;
  host = await startGitHost({
    accepts: (password) => [secrets['of the repository'], ...github.app.tokens].includes(password),
  });
  const queueAccess = {
    admit: async () => ({ username: 'ada', password: secrets['of the queue'] ?? '' }),
    expel: async () => undefined,
  };
  server = await startTestServer({
    github: { api: github.url, app: github.app },
    queueAccess,
  });
  secrets['of the admin'] = server.adminToken;
  routes = routesOf(createApp(server.deps)).map(({ method, path }) => `${method} ${path}`);
});
afterAll(async () => {
  await server.close();
  await host.close();
  await github.close();
});

/** Sends a request to a route, and keeps what is answered: its head, too. */
async function ask(route: string, { body, query = '', headers = {} }: Sent = {}): Promise<Answer> {
  const [method = '', path = ''] = route.split(' ');
  const target = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? `no-${name}`));
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  const ending = new AbortController();
  const response = await fetch(`${server.url}${target}${query}`, {
    method,
    headers: {
      ...('cookie' in headers ? {} : bearerOf(path)),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : { body: isJson && typeof body !== 'string' ? JSON.stringify(body) : (body as BodyInit) }),
    signal: ending.signal,
  });
  const answer = {
    route,
    status: response.status,
    text: `${[...response.headers].join('\n')}\n${await textOf(response, ending)}`,
  };
  answers.push(answer);
  return answer;
}

const bearerOf = (path: string): Record<string, string> =>
  path.startsWith('/worker/')
    ? {
        authorization: `Bearer ${secrets['of the worker'] ?? ''}`,
        'slipway-instance': INSTANCE,
        'slipway-lease': secrets['of the lease'] ?? '',
      }
    : { authorization: `Bearer ${server.adminToken}` };

/** All of an answer, or what comes at once of one without an end. */
async function textOf(response: Response, ending: AbortController): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  const timer = setTimeout(() => ending.abort(), 300);
  let text = '';
  try {
    for await (const part of response.body ?? []) text += Buffer.from(part as Uint8Array).toString();
  } catch {
    // ended from here
  }
  clearTimeout(timer);
  return text;
}

const jsonOf = <T>({ text }: Answer): T => JSON.parse(text.slice(text.indexOf('\n{') + 1)) as T;
const INSTANCE = 'instance-of-ada';

const the = (name: string): string => secrets[name] ?? '';
const TEXT = Buffer.from('said\n');
const ARTIFACT = Buffer.from('no archive, but its bytes');
const FRAMES = { 'content-type': 'application/vnd.slipway.log-frames' };
const TARGET = {
  kind: 'webhook',
  url: `https://hooks.example.com/services/${the("of a notification's address")}`,
  secret: the('of a notification'),
  events: ['build.failed'],
};

let commit: string;
let work: WorkflowWork;
/** Of the clone: a workflow whose step has begun cannot be given up. */
const attemptId = (): string => work.steps[0]?.attemptId ?? '';

/** A request that each route can do, by its name, in an order in which that is so. */
const CALLS: Readonly<Record<string, (route: string) => Promise<unknown>>> = {
  'GET /healthz': ask,
  'GET /readyz': ask,
  'GET /metrics': ask,
  'GET /api/v1/server': ask,
  'POST /api/v1/session': async (route) => {
    const { text } = await ask(route, { body: { token: server.adminToken } });
    secrets['of the session'] = /slipway_session=([^;\s]+)/.exec(text)?.[1] ?? '';
  },
  'GET /api/v1/session': ask,
  'DELETE /api/v1/session': (route) =>
    ask(route, {
      headers: {
        cookie: `slipway_session=${the('of the session')}`,
        'sec-fetch-site': 'same-origin',
      },
    }),
  'POST /api/v1/tokens': async (route) => {
    secrets['of ada'] = jsonOf<{ token: string }>(await ask(route, { body: { name: 'ada' } })).token;
    ids['token'] = 'ada';
  },
  'GET /api/v1/tokens': ask,
  'PUT /api/v1/registries/:host': async (route) => {
    ids['host'] = 'other.example.com';
    await ask(route, { body: { username: 'ci', password: the('of another registry') } });
    ids['host'] = 'r.example.com';
    await ask(route, { body: { username: 'ci', password: the('of a registry') } });
  },
  'GET /api/v1/registries': ask,
  'POST /api/v1/projects': async (route) => {
    const repository = host.create('Shop/Web');
    commit = repository.commit({
      'slipway.yml':
        'cron: { nightly: { schedule: "@daily" } }\nsteps: [{ name: unit, image: busybox, commands: ["true"] }]\n',
    });
    await ask(route, { body: { cloneUrl: repository.cloneUrl, token: the('of the repository') } });
    const other = host.create('shop/app');
    other.commit({ a: '1' });
    await ask(route, { body: { cloneUrl: other.cloneUrl } });
    secrets['of the installation'] = github.app.tokens.at(-1) ?? '';
  },
  'GET /api/v1/projects': ask,
  'GET /api/v1/projects/:project': async (route) => {
    ids['project'] = jsonOf<{ id: string }>(await ask(route)).id;
  },
  'PATCH /api/v1/projects/:project': (route) => ask(route, { body: { defaultBranch: 'main' } }),
  'PUT /api/v1/projects/:project/connection': async (route) => {
    await ask(route, { body: {} });
    await ask(route, { body: { token: the('of the connection') } });
  },
  'GET /badges/:project': ask,
  'PUT /api/v1/projects/:project/secrets/:name': async (route) => {
    ids['name'] = 'unused';
    await ask(route, { body: { value: the('of no step') } });
    ids['name'] = 'npm_token';
    await ask(route, { body: { value: the('of a step') } });
  },
  'GET /api/v1/projects/:project/tests': (route) => ask(route, { query: '?test=0123456789abcdef' }),
  'GET /api/v1/projects/:project/schedules': async (route) => {
    server.schedules.wake();
    await server.schedules.idle();
    ids['schedule'] = 'nightly';
    await ask(route);
  },
  'PATCH /api/v1/projects/:project/schedules/:schedule': (route) => ask(route, { body: { enabled: false } }),
  'GET /api/v1/projects/:project/inputs': ask,
  'POST /api/v1/projects/:project/notifications': async (route) => {
    ids['target'] = jsonOf<{ id: string }>(await ask(route, { body: TARGET })).id;
  },
  'GET /api/v1/projects/:project/notifications': ask,
  'POST /api/v1/projects/:project/notifications/:target/test': ask,
  'PATCH /api/v1/projects/:project/notifications/:target': (route) =>
    ask(route, { body: { secret: the('of a notification') } }),
  'POST /webhooks/github': async (route) => {
    const response = await server.deliver('ping', { zen: 'x' });
    const text = await response.text();
    answers.push({ route, status: response.status, text });
    ids['delivery'] = (JSON.parse(text) as { delivery: string }).delivery;
  },
  'GET /api/v1/deliveries': ask,
  'GET /api/v1/deliveries/:delivery': ask,
  'POST /api/v1/deliveries/:delivery/replay': ask,
  'POST /api/v1/lint': (route) => ask(route, { body: { text: 'steps: [{ name: unit }]' } }),

  'POST /api/v1/workers/tokens': async (route) => {
    const body = { name: 'w1', routers: ['test'] };
    secrets['of the worker'] = jsonOf<{ token: string }>(await ask(route, { body })).token;
    ids['worker'] = 'w1';
    ids['router'] = 'test';
  },
  'POST /worker/v1/workers': async (route) => {
    const body = { protocol: 1, name: 'w1', instance: INSTANCE, capacity: 1, routers: ['test'] };
    const { workerId } = jsonOf<RegisterAnswer>(await ask(route, { body }));
    await placeBuild(workerId);
  },
  'POST /worker/v1/claims': async (route) => {
    const subject = { kind: 'workflow', id: ids['workflow'], attempt: 1 };
    const answer = await ask(route, { body: { protocol: 1, instance: INSTANCE, subject } });
    const claim = jsonOf<ClaimAnswer>(answer);
    work = claim.work as WorkflowWork;
    secrets['of the lease'] = claim.lease.token;
    Object.assign(ids, { lease: claim.lease.id, log: attemptId(), step: work.steps[1]?.stepId });
  },
  'POST /worker/v1/leases/:lease/heartbeat': (route) => ask(route, { body: {} }),
  'GET /worker/v1/leases/:lease/signals': ask,
  'GET /worker/v1/leases/:lease/secrets': ask,
  'POST /worker/v1/leases/:lease/source': (route) => ask(route, { body: { have: [] } }),
  'POST /worker/v1/leases/:lease/reports': (route) =>
    ask(route, {
      body: { reports: [{ n: 1, atMs: 1, type: 'step.started', attemptId: attemptId() }] },
    }),
  'POST /worker/v1/leases/:lease/logs': (route) => {
    const segments = [{ length: TEXT.length, timeMs: 1, stream: 'stdout' as const }];
    const chunk = { logId: attemptId(), offset: 0, end: true, bytes: TEXT, segments };
    return ask(route, { body: encodeFrames([chunk]), headers: FRAMES });
  },
  'POST /worker/v1/leases/:lease/tests': (route) =>
    ask(route, { body: { attemptId: attemptId(), from: 0, results: [] } }),
  'POST /worker/v1/leases/:lease/splits': (route) => ask(route, { body: { step: 'unit', files: ['a'] } }),
  'POST /worker/v1/leases/:lease/images': (route) =>
    ask(route, { body: { name: 'r.example.com/x:1', found: null } }),
  'POST /worker/v1/leases/:lease/artifacts': async (route) => {
    const digest = `sha256:${createHash('sha256').update(ARTIFACT).digest('hex')}`;
    const about = { name: 'plain', files: 1, bytes: ARTIFACT.length, digest, keepMs: null };
    const answer = await ask(route, { body: { attemptId: attemptId(), ...about } });
    ids['artifact'] = jsonOf<{ id: string }>(answer).id;
  },
  'POST /worker/v1/leases/:lease/artifacts/:artifact': (route) =>
    ask(route, { body: ARTIFACT, query: '?offset=0', headers: { 'content-type': 'application/gzip' } }),
  'GET /worker/v1/leases/:lease/artifacts/:artifact': ask,
  'POST /worker/v1/leases/:lease/effects': (route) =>
    ask(route, {
      body: {
        key: 'tag',
        effect: {
          kind: 'tag',
          repository: 'r.example.com/x',
          digest: `sha256:${'a'.repeat(64)}`,
          tags: ['1'],
        },
      },
    }),
  'GET /worker/v1/routers/:router': ask,
  'POST /worker/v1/routers/:router/events': (route) => ask(route, { body: { events: [] } }),
  'POST /worker/v1/routers/:router/removed': (route) => ask(route, { body: { environments: [] } }),
  'POST /worker/v1/routers/:router/logs': (route) => ask(route, { body: encodeFrames([]), headers: FRAMES }),

  'GET /api/v1/builds': ask,
  'GET /api/v1/builds/:build': ask,
  'GET /api/v1/builds/:build/tests': ask,
  'GET /api/v1/builds/:build/attempts': ask,
  'GET /api/v1/builds/:build/failed-part': ask,
  'GET /api/v1/logs/:log': ask,
  'GET /api/v1/logs/:log/search': (route) => ask(route, { query: '?text=s' }),
  'GET /api/v1/logs/:log/raw': ask,
  'GET /api/v1/artifacts/:artifact': ask,
  'GET /api/v1/stream': (route) => ask(route, { query: `?build=${ids['build']}` }),
  'GET /api/v1/environments': ask,
  'GET /api/v1/environments/:environment': ask,
  'POST /api/v1/environments/:environment/rollback': ask,
  'DELETE /api/v1/environments/:environment': ask,
  'POST /api/v1/deployments/:deployment/cancel': ask,
  'POST /api/v1/steps/:step/cancel': ask,
  'GET /api/v1/workers': ask,

  'POST /worker/v1/workers/leave': (route) => ask(route, { body: {} }),
  'POST /worker/v1/leases/:lease/give-up': (route) => ask(route, { body: {} }),
  'POST /api/v1/builds/:build/cancel': ask,
  'GET /api/v1/builds/:build/replay': ask,
  'POST /api/v1/builds/:build/rerun': ask,
  'POST /api/v1/projects/:project/builds': (route) => ask(route, { body: {} }),
  'POST /api/v1/workers/:worker/drain': ask,
  'POST /api/v1/workers/:worker/undrain': ask,

  'GET /api/v1/audit': ask,

  'DELETE /api/v1/projects/:project/notifications/:target': ask,
  'DELETE /api/v1/projects/:project/secrets/:name': ask,
  'DELETE /api/v1/projects/:project/connection': ask,
  'DELETE /api/v1/projects/:project': async (route) => {
    const { items } = jsonOf<Page<{ id: string }>>(await ask('GET /api/v1/builds'));
    for (const { id } of items) await server.api('POST', `/builds/${id}/cancel`);
    await ask(route);
  },
  'DELETE /api/v1/registries/:host': ask,
  'DELETE /api/v1/tokens/:token': ask,
  'DELETE /api/v1/workers/:worker/token': ask,
};

/** A build whose one workflow uses some of the secrets, placed on a worker. */
async function placeBuild(workerId: string): Promise<void> {
  const environment = { TOKEN: { fromSecret: 'npm_token' } };
  const plan = planOf({ steps: [stepOf('unit', { image: 'r.example.com/x:1', environment })] });
  const { buildId } = await server.deps.builds.createBuild({
    projectId: ids['project'] ?? '',
    deliveryId: null,
    event: { ...pushOf('main'), commit },
    outcome: { kind: 'plan', plan: alone(plan), warnings: [] },
    blocked: null,
  });
  const { id } = await server.deps.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  await server.deps.builds.place(id, workerId);
  Object.assign(ids, { build: buildId, workflow: id });
}

/** Bodies and queries with secrets where they do not belong: none may be said again. */
function wrongRequests(): readonly Sent[] {
  const values = Object.values(secrets);
  const keys = ['token', 'value', 'password', 'url', 'cloneUrl', 'text'];
  return [
    { body: `{"token":"${the('of the connection')}"` },
    ...keys.map((key) => ({ body: { [key]: values } })),
    { query: `?token=${encodeURIComponent(the('of the connection'))}` },
  ];
}

async function refuse(route: string): Promise<void> {
  const [method = '', path = ''] = route.split(' ');
  const hasBody = !['GET', 'DELETE'].includes(method);
  for (const authorization of [
    '',
    `Bearer ${the('of the connection')}`,
    `Basic ${btoa(`ci:${the('of the connection')}`)}`,
  ])
    await ask(route, { headers: { authorization } });
  const other = path.startsWith('/worker/') ? the('of the admin') : the('of the worker');
  await ask(route, { headers: { authorization: `Bearer ${other}` } });
  for (const wrong of wrongRequests()) if (hasBody || wrong.body === undefined) await ask(route, wrong);
  const known = { ...ids };
  for (const name of Object.keys(ids)) delete ids[name];
  if (path.includes(':')) await ask(route, hasBody ? { body: {} } : {});
  Object.assign(ids, known);
}

describe('an answer', () => {
  it('of every route there is looked at', () => {
    expect(Object.keys(CALLS).toSorted()).toEqual(routes.toSorted());
  });

  it(
    'of what was done, and of what was refused, has no secret but for whom it is',
    { timeout: 120_000 },
    async () => {
      for (const [route, call] of Object.entries(CALLS)) {
        await refuse(route);
        await call(route);
      }
      // Once more, as who was let out, and where all is gone.
      for (const route of Object.keys(CALLS)) await refuse(route);

      const done = new Set(answers.filter(({ status }) => status < 300).map(({ route }) => route));
      expect(routes.filter((route) => !done.has(route))).toEqual(ONLY_REFUSED);
      const refused = new Set(answers.map(({ status }) => status).filter((status) => status >= 400));
      expect([...refused]).toEqual(expect.arrayContaining([400, 401, 403, 404, 409]));
      for (const [name, value] of Object.entries(secrets))
        expect([name, value.length > 15]).toEqual([name, true]);
      expect(saidBy(answers.filter(({ status }) => status < 300))).toEqual(GIVEN);
      expect(saidBy(answers.filter(({ status }) => status >= 300))).toEqual({});
    },
  );
});

/** By route: secrets that its answers have. */
function saidBy(said: readonly Answer[]): Readonly<Record<string, readonly string[]>> {
  const byRoute = new Map<string, Set<string>>();
  for (const { route, text } of said)
    for (const name of secretsIn(secrets, `${text}\n${text.replaceAll('\\\\', '\\')}`))
      byRoute.set(route, (byRoute.get(route) ?? new Set()).add(name));
  return Object.fromEntries([...byRoute].map(([route, names]) => [route, [...names]]));
}
