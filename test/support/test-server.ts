import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino, type DestinationStream, type Logger } from 'pino';
import { createApp } from '../../src/api/app.ts';
import type { AppDeps } from '../../src/api/deps.ts';
import { createHttpServer } from '../../src/api/http-server.ts';
import { API_LIMITS } from '../../src/api/limits.ts';
import { workerRoutes } from '../../src/api/worker/worker-routes.ts';
import { createArtifacts } from '../../src/artifacts/artifacts.ts';
import { openFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createBuilds } from '../../src/builds/index.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { readRemote } from '../../src/git/remote.ts';
import { BUILT_EVENTS } from '../../src/hosts/github/read-delivery.ts';
import { connectGithub, type GithubDeps } from '../../src/hosts/github/connect-github.ts';
import { createIntake } from '../../src/intake/database-intake.ts';
import { createProjects } from '../../src/intake/database-projects.ts';
import { createSchedules, type Schedules } from '../../src/intake/schedules.ts';
import { openFileLogStore, type FileLogStore } from '../../src/logs/file-log-store.ts';
import { createPrometheusMetrics } from '../../src/metrics/prometheus-metrics.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { ReadDiskRoom } from '../../src/ports/disk-space.ts';
import type { QueueAccess } from '../../src/ports/queue-access.ts';
import type { Mirrors } from '../../src/ports/repositories.ts';
import { readDiskSpace } from '../../src/disk/read-disk-space.ts';
import { createNotificationTargets } from '../../src/secrets/notification-targets.ts';
import { createSecrets } from '../../src/secrets/database-secrets.ts';
import { createAccessTokens } from '../../src/secrets/database-tokens.ts';
import { openKeyRing } from '../../src/secrets/key-ring.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createDeliveryStore } from '../../src/webhooks/database-deliveries.ts';
import { sign } from '../../src/webhooks/signature.ts';
import { putEmptyRecord } from './empty-record.ts';

/** A server without workers on a database and a port of its own: everything from the webhook to the build's row is real. */
export interface TestServer {
  readonly url: string;
  readonly adminToken: string;
  readonly deps: AppDeps;
  /** Not started: a test has it look. */
  readonly schedules: Schedules;
  /** Every line that was logged. */
  readonly logged: readonly string[];
  /** Sends a signed delivery as GitHub does; `headers` replaces single ones (undefined leaves one out). */
  deliver(
    event: string,
    payload: unknown,
    options?: { id?: string; headers?: Readonly<Record<string, string | undefined>> },
  ): Promise<Response>;
  /** Asks the API with the admin token. */
  api(method: string, path: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

export const WEBHOOK_SECRETS = ['new secret of the webhook', 'old secret of the webhook'];

export interface TestServerOptions {
  /** Data folder to go on with; default: one of its own, removed at the end. */
  readonly directory?: string;
  /** False: deliveries are kept and not worked on. */
  readonly intake?: boolean;
  readonly webRoot?: string;
  readonly publicUrl?: string;
  /** The Git host's API; nothing answers there unless it is named. */
  readonly github?: Pick<GithubDeps, 'api' | 'app'>;
  /** Of the disk of artifacts; default: cannot be told. */
  readonly readRoom?: ReadDiskRoom;
  /** What lets workers at the queue; default: they need no login. */
  readonly queueAccess?: Pick<QueueAccess, 'admit' | 'expel'>;
  /** Replaces parts, e.g. by failing ones. */
  readonly change?: (deps: AppDeps) => Partial<AppDeps>;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'slipway-server-')));
  const logged: string[] = [];
  const sink: DestinationStream = { write: (line) => void logged.push(line) };
  const stopping = new AbortController();
  const { deps, schedules, mirrors, logs } = await makeDeps(
    directory,
    pino({ level: 'debug' }, sink),
    options,
    stopping.signal,
  );
  const server = createHttpServer(createApp(deps)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const adminToken = (await deps.tokens.makeFirstAdminToken()) ?? '';
  if (options.intake !== false) deps.intake.start();
  return {
    url,
    adminToken,
    deps,
    schedules,
    logged,
    deliver: (event, payload, { id = randomUUID(), headers = {} } = {}) => {
      const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const all = {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': id,
        'x-hub-signature-256': sign(body, WEBHOOK_SECRETS[0] ?? ''),
        ...headers,
      };
      const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return fetch(`${url}/webhooks/github`, { method: 'POST', headers: sent, body });
    },
    api: (method, target, body) =>
      fetch(`${url}/api/v1${target}`, {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    close: async () => {
      stopping.abort();
      deps.metrics.stop();
      await deps.intake.stop();
      await mirrors.settled();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await logs.close();
      await deps.store.close();
      if (options.directory === undefined)
        await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function makeDeps(
  directory: string,
  log: Logger,
  options: TestServerOptions,
  signal: AbortSignal,
): Promise<{ deps: AppDeps; schedules: Schedules; mirrors: Mirrors; logs: FileLogStore }> {
  const clock = systemClock;
  const file = path.join(directory, 'slipway.db');
  await putEmptyRecord(file);
  const store = await openStore(file, { clock });
  const box = createSecretBox(await openKeyRing(path.join(directory, 'keys')));
  const gitHost = connectGithub({ api: 'http://127.0.0.1:9', app: null, clock, ...options.github });
  const secrets = createSecrets({ store, box, clock, gitHost });
  const logs = openFileLogStore(path.join(directory, 'logs'));
  const artifactFiles = openFileArtifacts(path.join(directory, 'artifacts'));
  const readRoom: ReadDiskRoom = options.readRoom ?? (async () => null);
  const artifacts = createArtifacts({ store, clock, files: artifactFiles, mostBytes: 1024 ** 2, readRoom });
  const builds = createBuilds({
    store,
    clock,
    logs,
    secrets,
    variables: () => ({}),
    registry: null,
    router: { name: 'test', backends: 4, appRange: '10.213.0.0/24' },
    onError: (error) => log.error({ err: error }, 'builds'),
  });
  const mirrors = createMirrors({ directory: path.join(directory, 'mirrors'), signal });
  const publicUrl = options.publicUrl ?? 'http://slipway.example';
  const common = { store, builds, mirrors, readRemote, secrets, clock, log, gitHost };
  const intake = createIntake({ ...common, settings: { publicUrl, version: '0.0.0', firstRetryMs: 10 } });
  const schedules = createSchedules({ ...common, intake });
  const queueAccess = options.queueAccess ?? { admit: async () => null, expel: async () => undefined };
  const deps: AppDeps = {
    settings: {
      publicUrl,
      webhookSecrets: WEBHOOK_SECRETS,
      webRoot: options.webRoot ?? null,
      trustedProxies: 0,
      limits: API_LIMITS,
      hasMailServer: true,
    },
    log,
    clock,
    store,
    views: { waitingOf: () => null, waitingFor: () => null, urlOf: (host) => `http://${host}` },
    builds,
    logs,
    secrets,
    targets: createNotificationTargets({ store, box, clock }),
    tokens: createAccessTokens({ store, clock }),
    projects: createProjects({ ...common, intake }),
    schedules,
    deliveries: createDeliveryStore({ store, clock, events: BUILT_EVENTS }),
    intake,
    workerRoutes: workerRoutes({ builds, logs, artifacts, artifactFiles, intake, queueAccess, log }),
    artifactFiles,
    queueAccess,
    metrics: createPrometheusMetrics({
      ...{ store, clock, version: '0.0.0', readSpace: () => readDiskSpace(directory) },
      connected: () => builds.connectedWorkers(),
      isQueueReady: () => true,
    }),
    whyPaused: () => null,
    notReady: async () => [],
  };
  return { deps: { ...deps, ...options.change?.(deps) }, schedules, mirrors, logs };
}
