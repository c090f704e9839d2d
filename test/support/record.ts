import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBuilds } from '../../src/builds/index.ts';
import type { Builds, KnownWorker, OpenLease } from '../../src/builds/index.ts';
import { hasPut } from '../../src/builds/manifests.ts';
import type { RepositoryEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/id.ts';
import type { Concurrency } from '../../src/core/concurrency.ts';
import type { Labels } from '../../src/core/labels.ts';
import type { PushedImage } from '../../src/core/image.ts';
import type { BuildPlan, DeployPlan, Plan, StepPlan, WorkflowPlan } from '../../src/core/plan.ts';
import type { DeploymentWork, LeaseSecrets, ReportBody, Work, WorkflowWork } from '../../src/core/work.ts';
import type { BuildVariables } from '../../src/ports/build-variables.ts';
import type { NeededLogins } from '../../src/ports/lease-secrets.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { putEmptyRecord } from './empty-record.ts';

/** The state machine over a real store, with a clock and logs that a test moves by hand. */
export interface TestRecord {
  readonly store: Store;
  readonly builds: Builds;
  readonly clock: { now: number; nowMs(): number };
  /** What the log store holds; put a length to seal one. */
  readonly logs: Map<string, { bytes: number; sealed: boolean }>;
  readonly errors: unknown[];
  project(path?: string): Promise<string>;
  /** A worker that has registered. */
  worker(name: string, options?: WorkerOptions): Promise<TestWorker>;
  /** Records a build with a plan. */
  build(projectId: string, options?: BuildOptions): Promise<{ buildId: string; number: number }>;
  statusOf(table: 'build' | 'workflow' | 'deployment', id: string): Promise<string>;
  workflowOf(buildId: string): Promise<string>;
  /** The one deployment of a build. */
  deploymentOf(buildId: string): Promise<string>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly capacity?: number;
  readonly routers?: string[];
  /** Of its token, and so of its process. */
  readonly labels?: Labels;
  /** What its process knows to do; nothing unless told. */
  readonly features?: string[];
}

export interface BuildOptions {
  readonly plan?: Plan | BuildPlan;
  readonly event?: Partial<RepositoryEvent>;
  readonly deliveryId?: string;
}

/** A lease in the hands of a test. */
export interface TestLease<W extends Work = Work> {
  readonly open: OpenLease;
  readonly token: string;
  readonly work: W;
  /** Sends one report, with the next n. An image that it tells of as pushed counts as put before. */
  readonly report: (body: ReportBody) => Promise<void>;
}

export interface TestWorker {
  readonly known: KnownWorker;
  readonly bearer: string;
  readonly instance: string;
  /** Registers as a new process, which knows that the one before is dead. */
  restart(): Promise<void>;
  claimWorkflow(id: string, attempt?: number): Promise<TestLease<WorkflowWork>>;
  claimDeployment(id: string, attempt?: number): Promise<TestLease<DeploymentWork>>;
}

/**
 * Opens one on a temporary SQLite file, or on `target`; builds push to the registry of that `host[:port]`, and steps get
 * `variables`. `isTraced`: ends are recorded for a collector of traces.
 */
export async function makeRecord(
  target?: string,
  registryHost = 'registry.test:5000',
  variables: BuildVariables = ({ build }) => ({ CI_PIPELINE_NUMBER: String(build.number) }),
  isTraced = false,
): Promise<TestRecord> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-record-'));
  const file = path.join(folder, 'record.db');
  if (target === undefined) await putEmptyRecord(file);
  const store = await openStore(target ?? file, { isTraced });
  const clock = { now: 1_763_000_000_000, nowMs: () => clock.now };
  const logs = new Map<string, { bytes: number; sealed: boolean }>();
  const errors: unknown[] = [];
  const builds = createBuilds({
    store,
    clock,
    logs: {
      state: async (id) => ({ lines: 0, bytes: 0, sealed: false, ...logs.get(id) }),
    },
    secrets: {
      forLease: async ({ names, logins }) => ({
        values: Object.fromEntries(names.map((name) => [name, `value of ${name}`])),
        registries: loginsOf(logins),
      }),
    },
    variables,
    registry: { host: registryHost, insecure: true },
    router: { name: 'local', backends: 3, appRange: '10.89.0.0/24' },
    effectWaitMs: 50,
    onError: (error) => errors.push(error),
  });
  const record: TestRecord = {
    store,
    builds,
    clock,
    logs,
    errors,
    project: (name = 'shop/web') => insertProject(store, name),
    worker: (name, options) => makeWorker({ store, builds }, name, options),
    build: (projectId, options) => makeBuild(builds, projectId, options),
    async statusOf(table, id) {
      const row = await store.db
        .selectFrom(table)
        .select('status')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return row.status;
    },
    async workflowOf(buildId) {
      const row = await store.db
        .selectFrom('workflow')
        .select('id')
        .where('build_id', '=', buildId)
        .executeTakeFirstOrThrow();
      return row.id;
    },
    async deploymentOf(buildId) {
      const row = await store.db
        .selectFrom('deployment')
        .select('id')
        .where('build_id', '=', buildId)
        .executeTakeFirstOrThrow();
      return row.id;
    },
    async close() {
      await builds.stop();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
  return record;
}

/** Passwords that say what they are for. */
function loginsOf({ push, pull, baseImages }: NeededLogins): LeaseSecrets['registries'] {
  const login = (use: string) => ({ username: 'ci', password: use });
  return Object.fromEntries([
    ...(baseImages ? [['any.test', login('base images')] as const] : []),
    ...pull.map((host) => [host, login('pull')] as const),
    ...push.map((host) => [host, login('push')] as const),
  ]);
}

async function insertProject(store: Store, name: string): Promise<string> {
  const id = newId('prj');
  await store.transaction((tx) =>
    tx.db
      .insertInto('project')
      .values({
        id,
        path: name,
        clone_url: `https://git.test/${name}.git`,
        host_repository: name,
        default_branch: 'main',
        clone_token: null,
        created_at: 0,
      })
      .execute(),
  );
  return id;
}

async function makeWorker(
  { store, builds }: Pick<TestRecord, 'store' | 'builds'>,
  name: string,
  { capacity = 2, routers = ['local'], labels = {}, features }: WorkerOptions = {},
): Promise<TestWorker> {
  const bearer = `token-of-${name}`;
  await builds.setWorkerToken(name, `hash-of-${bearer}`, { routers, labels });
  let instance = randomUUID();
  const find = async (): Promise<KnownWorker> => {
    const found = await builds.findWorker(`hash-of-${bearer}`);
    if (found === null) throw new Error(`no worker ${name}`);
    return found;
  };
  const register = async (after?: string) =>
    builds.register(await find(), { protocol: 1, name, instance, capacity, routers, after, features });
  await register();
  const known = await find();
  const claim = async (kind: 'workflow' | 'deployment', id: string, attempt: number) => {
    const request = { protocol: 1, instance, subject: { kind, id, attempt } };
    const answer = await builds.claim(known, bearer, request);
    const open = await builds.openLease(known, answer.lease.id, answer.lease.token);
    let n = 0;
    return {
      open,
      token: answer.lease.token,
      work: answer.work,
      async report(body: ReportBody) {
        if (body.type === 'image.pushed') await havePut(store, id, body.image);
        await builds.report(open, [{ n: (n += 1), atMs: 0, ...body }]);
      },
    };
  };
  return {
    known,
    bearer,
    get instance() {
      return instance;
    },
    async restart() {
      const before = instance;
      instance = randomUUID();
      await register(before);
    },
    async claimWorkflow(id, attempt = 1) {
      await builds.place(id, known.id);
      return (await claim('workflow', id, attempt)) as TestLease<WorkflowWork>;
    },
    claimDeployment: async (id, attempt = 1) =>
      (await claim('deployment', id, attempt)) as TestLease<DeploymentWork>,
  };
}

/** As the outbox leaves it, once a manifest is in its repository. */
async function havePut(store: Store, workflowId: string, { repository, digest }: PushedImage): Promise<void> {
  const put = { subject_id: workflowId, kind: 'put-manifest', target: `${repository}@${digest}` };
  await store.transaction(async (tx) => {
    if (await hasPut(tx, workflowId, { repository, digest })) return;
    const id = newId('fx');
    const done = {
      state: 'done' as const,
      next_at: 0,
      result: null,
      lease_id: null,
      created_at: 0,
      finished_at: 0,
    };
    await tx.db
      .insertInto('outbox')
      .values({ id, key: id, ...put, ...done, payload_json: '{}' })
      .execute();
  });
}

async function makeBuild(
  builds: Builds,
  projectId: string,
  { plan = planOf(), event, deliveryId }: BuildOptions = {},
): Promise<{ buildId: string; number: number }> {
  const { buildId, number } = await builds.createBuild({
    projectId,
    deliveryId: deliveryId ?? null,
    event: { ...pushOf('main'), ...event } as RepositoryEvent,
    outcome: { kind: 'plan', plan: 'workflows' in plan ? plan : alone(plan), warnings: [] },
    blocked: null,
  });
  return { buildId, number };
}

export function pushOf(branch: string): RepositoryEvent {
  return {
    kind: 'push',
    branch,
    before: null,
    changedFiles: [],
    commit: 'a'.repeat(40),
    message: 'a change',
    author: { name: 'Ada', email: 'ada@example.com' },
    committedAtMs: 1_762_000_000_000,
    actor: { id: '1', login: 'ada', avatarUrl: null },
    url: null,
    repository: null,
  };
}

/** The plan of a build that has this workflow alone. */
export function alone(plan: Plan): BuildPlan {
  return { workflows: [workflowPlan('default', { plan })] };
}

/** A workflow of a build's plan. */
export function workflowPlan(name: string, more: Partial<WorkflowPlan> = {}): WorkflowPlan {
  return { name, dependsOn: [], runsOn: ['success'], matrix: null, plan: planOf(), ...more };
}

export function planOf(
  options: { steps?: StepPlan[]; deploys?: DeployPlan[]; labels?: Labels; concurrency?: Concurrency } = {},
): Plan {
  return {
    image: {
      dockerfile: 'Dockerfile',
      context: '.',
      target: null,
      testTarget: null,
      args: {},
      secrets: [],
    },
    services: [],
    steps: options.steps ?? [stepOf('unit')],
    push: { repository: 'shop/web', tags: ['main'] },
    deploys: options.deploys ?? [],
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  };
}

export function stepOf(name: string, changes: Partial<StepPlan> = {}): StepPlan {
  return {
    name,
    image: null,
    commands: ['true'],
    environment: {},
    dependsOn: [],
    timeoutMs: 60_000,
    failure: 'fail',
    runsOn: ['success'],
    selected: true,
    ...changes,
  };
}

export function deployOf(environment: string, changes: Partial<DeployPlan> = {}): DeployPlan {
  return {
    environment,
    port: 8080,
    hosts: [`${environment}.test`],
    env: {},
    volumes: [],
    command: [],
    resources: { memoryBytes: null, cpus: null },
    health: { path: '/', passes: 2, timeoutMs: 60_000 },
    smoke: null,
    drain: { requestsMs: 1_000, connectionsMs: 1_000 },
    standbyMs: 60_000,
    prepare: 'pull',
    ...changes,
  };
}

const hex = (digit: string) => `sha256:${digit.repeat(64)}`;

/** The reports of an image that was built and pushed. */
export const IMAGE_REPORTS: readonly ReportBody[] = [
  {
    type: 'image.built',
    image: {
      imageId: hex('1'),
      testImageId: hex('1'),
      sizeBytes: 1,
      layers: 1,
      cachedSteps: 0,
      totalSteps: 1,
    },
  },
  {
    type: 'image.pushed',
    image: { repository: 'registry.test:5000/shop/web', digest: hex('2'), bytesPushed: 1, bytesReused: 0 },
  },
];

/** Reports that take a workflow to its end; a red one fails its last step. `digest`: of the image that it pushes. */
export async function runWorkflow(
  { work, report }: TestLease<WorkflowWork>,
  status: 'success' | 'failure' = 'success',
  { digest = hex('2') }: { readonly digest?: string } = {},
): Promise<void> {
  for (const step of work.steps) {
    const last = step.kind === 'step' && status === 'failure';
    await report({ type: 'step.started', attemptId: step.attemptId });
    if (step.kind === 'image')
      for (const body of IMAGE_REPORTS)
        await report(body.type === 'image.pushed' ? { ...body, image: { ...body.image, digest } } : body);
    await report({
      type: 'step.finished',
      attemptId: step.attemptId,
      status: last ? 'failure' : 'success',
      reason: null,
      exitCode: last ? 1 : 0,
      logBytes: 0,
    });
    if (last) break;
  }
  await report({ type: 'workflow.finished', status, reason: null });
}

/** Reports that take a deployment up to `prepared`. */
export async function prepare({ report }: TestLease<DeploymentWork>): Promise<void> {
  for (const phase of ['pulling', 'starting', 'checking', 'prepared'] as const)
    await report({ type: 'deployment.phase', phase, detail: null });
}

/** Reports of the switch and what follows. */
export async function switchOver({ report }: TestLease<DeploymentWork>): Promise<void> {
  for (const phase of ['switching', 'draining', 'done'] as const)
    await report({ type: 'deployment.phase', phase, detail: null });
  await report({ type: 'deployment.finished', status: 'success', reason: null, logBytes: 0 });
}
