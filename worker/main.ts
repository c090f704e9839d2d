import { readFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { pino, type Logger } from 'pino';
import { TIMES } from '../config/times.ts';
import { secretTexts } from '../config/secret-texts.ts';
import { readWorkerSettings, type WorkerSettings } from '../config/settings.ts';
import { createLineMask } from '../src/core/line-mask.ts';
import { Problem } from '../src/core/problem.ts';
import type { ClaimableJob, DeploymentWork, JobData, WorkflowWork } from '../src/core/work.ts';
import { openDataFolder } from '../src/files/open-data-folder.ts';
import { systemClock } from '../src/ports/clock.ts';
import { giveBackMemory } from '../src/processes/give-back-memory.ts';
import { connectRedis } from '../src/queue/bullmq-queue.ts';
import { watchRedis } from '../src/queue/watch-redis.ts';
import { trustAuthorities } from '../src/tls/trust-authorities.ts';
import { CacheStore } from './caches/cache-store.ts';
import { openMirrors, type Mirrors } from './checkout/mirrors.ts';
import { keepCertificates, type RouterCertificates } from './deploy/keep-certificates.ts';
import { appNetworkName } from './deploy/app-network.ts';
import { AppLogs } from './deploy/app-logs.ts';
import { runDeployment, type DeployTools } from './deploy/run-deployment.ts';
import { startTending, type Keeper } from './deploy/start-tending.ts';
import type { RouterChange } from './deploy/watch-router.ts';
import { awaitEngine } from './engine/await-engine.ts';
import { connectEngine } from './engine/connect-engine.ts';
import type { Engine } from './engine/engine.ts';
import { boundBuildCache, engineBuildCache } from './image/bound-build-cache.ts';
import { demandBuildClient, type BuildClient } from './image/build-client.ts';
import { readDiskRoom } from './disk-room.ts';
import { dropKeptImages } from './image/kept-images.ts';
import { openRouter } from './router/open-router.ts';
import { filesFromMirrors } from './workflow/bring-files.ts';
import { clearLeftovers } from './workflow/clear-leftovers.ts';
import { leaseFields, openStepLog, type StepLog } from './lease-log.ts';
import { runWorkflow } from './workflow/run-workflow.ts';
import type { WorkflowTools } from './workflow/tools.ts';
import { connectServer } from './server/connect-server.ts';
import { LeaseLost, stopOf, type Lease, type ServerConnection } from './server/lease.ts';
import { reapLeftovers, type Owner } from './steps/reap-leftovers.ts';
import { demandHostVolumes } from './steps/host-volumes.ts';
import { STEP_SETTINGS } from './steps/settings.ts';
import { takeFolder } from './take-folder.ts';
import { takeJobs } from './take-jobs.ts';
import { watchDisks } from './watch-disks.ts';

/** What workflows are run with, but for the log of each. */
type Tools = Omit<WorkflowTools, 'onLeftover'>;

/** How long a job waits for the engine; then the server has soon taken it back (`TIMES.placement`). */
const ENGINE_MS = TIMES.placement - 5_000;
/** How long work that was cut short may take to remove what it made. */
const ENDING_MS = 15_000;
const UNUSED_MIRROR_MS = 30 * 24 * 3_600_000;
const PRUNE_MS = 3_600_000;
/** The build cache is due once an hour; where something runs then, it is looked at so often until nothing does. */
const IDLE_LOOK_MS = 60_000;

/*
 * V8 lets a heap grow by a part of what lives in it before it collects all of it, and counts bytes outside of it in. With
 * 30 MB alive, every 15 MB of a commit or a checkout that pass through a worker cost a collection of 10 to 100 ms.
 */
setFlagsFromString('--heap-growing-percent=200');

/** Composition root of the worker: claims what its queue names, and runs each under its lease until told to end. */
const settings = read();
/** A renewed certificate is to be looked at; without one, nothing: the signal ends no process of ours. */
let onHangUp = (): void => undefined;
process.on('SIGHUP', () => onHangUp());
const lineMask = createLineMask(secretTexts(process.env));
const output = pino.destination({ sync: true });
const log = pino(
  { name: 'slipway-worker', level: settings.logLevel },
  { write: (line) => void output.write(lineMask.mask(line)) },
);
/** Of the leases that are worked on, by their id. */
const stepLogs = new Map<string, StepLog>();
await main().catch((error: unknown) => {
  log.fatal(
    { err: error },
    error instanceof Problem ? `${error.message} ${error.fix}` : `the worker ends: ${String(error)}`,
  );
  process.exitCode = 1;
});
// All is settled: a connection that Redis ended while this one did may just be made again, and would keep the process.
process.exit();

async function main(): Promise<void> {
  trustAuthorities(settings.caBundle);
  await demandHostVolumes(settings.hostVolumes, settings);
  const engine = connectEngine(
    settings.dockerHost,
    process.env,
    settings.deadManSwitchMs,
    settings.registryIdleMs,
  );
  const buildClient = await demandBuildClient((skipped) =>
    log.info(skipped, 'a docker command that cannot build'),
  );
  await openDataFolder(settings.dataDir, ['spool', 'caches', 'checkouts']);
  const holder = await takeFolder(settings.dataDir);
  const disks = watchDisks({
    ...{ engine, dataDir: settings.dataDir, low: settings.diskLow },
    onChange: (why) =>
      why === null
        ? log.info('disks have room again: builds are taken')
        : log.warn({ why }, 'no build is taken'),
    onError: (error) => log.warn({ err: error }, 'how full the disk is cannot be told'),
  });
  await disks.look();
  disks.start();
  const server = await connectServer({
    url: settings.serverUrl,
    token: settings.token,
    name: settings.name,
    capacity: settings.capacity,
    labels: settings.labels,
    lowDisk: disks.whyPaused,
    program: versionOf(),
    routers: settings.router === null ? [] : [settings.router.name],
    spoolDir: await folder('spool'),
    process: holder,
    onWait: (problem) => log.warn(`${problem.message} Waiting for its name.`),
    onReport: (lease, report) => stepLogs.get(lease.id)?.told(report),
    onSecrets: lineMask.add,
  });
  await holder.keep();
  const leases = new Map<string, Promise<void>>();
  const caches = new CacheStore({
    directory: await folder('caches'),
    keepBytes: settings.keepCachesBytes,
    diskLow: settings.diskLow,
  });
  const reaper = startReaper(engine, await folder('checkouts'), caches, {
    isLeaseAlive: (lease) => leases.has(lease),
    holdsName: () => server.holdsName(),
  });
  // Their room may have been larger in an earlier life.
  await caches.evict().catch((error: unknown) => log.warn({ err: error }, 'caches are as they were'));
  void caches.removeDamaged().then(
    (removed) => removed > 0 && log.warn({ removed }, 'removed caches that were damaged'),
    (error: unknown) => log.warn({ err: error }, 'damaged caches may be left'),
  );
  const workflows = { ...(await workflowTools(engine, buildClient)), caches };
  keepBuildCache(engine, () => leases.size === 0);
  const appLogs = keepAppLogs(engine, server);
  const deployments = deployTools(engine, appLogs);
  const redis = connectRedis(settings.redisUrl, 'consumer', server.queueLogin);
  const watch = watchRedis(
    redis,
    (error) => log.warn({ err: error }, 'Redis is away'),
    () => log.info('Redis is back'),
  );

  const keeper = keepRouter(deployments, appLogs, server);
  const take = async (job: JobData): Promise<void> => {
    if (job.kind === 'router') return keeper?.look();
    // What is not claimed fails nothing: the server places it anew, here or elsewhere.
    if (!(await awaitEngine(engine, ENGINE_MS)))
      return log.warn({ job }, 'the engine does not answer: the job is left');
    const lease = await claim(server, job);
    if (lease === null) return;
    const done = run(lease, workflows, deployments).finally(() => leases.delete(lease.id));
    leases.set(lease.id, done);
  };
  const queues = [server.queue, ...(settings.router === null ? [] : [`deploy-${settings.router.name}`])];
  const stops = queues.map((queue) =>
    takeJobs(
      queue,
      redis,
      take,
      (error) => void (watch.isAway() || log.warn({ err: error, queue }, 'the queue is away')),
    ),
  );
  const certificates = routerCertificates(deployments);
  void watch.reached.then(() => log.info({ queues, engine: settings.dockerHost }, 'the worker is ready'));
  flushCompileCache(); // for the next start, also where this process is killed
  giveBackMemory({ everyMs: TIMES.memoryLook });

  await ended(server.dismissed);
  const dismissal = stopOf(server.dismissed);
  if (dismissal !== null) {
    log.error({ reason: dismissal.reason }, 'the server does not take this process any more');
    process.exitCode = 1;
  }
  log.info({ leases: leases.size }, 'the worker ends');
  clearInterval(reaper);
  disks.stop();
  await certificates?.stop();
  await Promise.all(stops.map((stop) => stop()));
  appLogs?.end();
  await server.close();
  await keeper?.end();
  await Promise.race([Promise.allSettled(leases.values()), sleep(ENDING_MS, undefined, { ref: false })]);
  redis.disconnect();
  engine.close();
}

async function claim(server: ServerConnection, job: ClaimableJob): Promise<Lease | null> {
  const answer = await server.claim(job);
  if (answer.granted) return answer.lease;
  log.info({ job, reason: answer.reason }, 'the claim was refused');
  return null;
}

/** Runs what a lease is for to its end; what went wrong beyond the outcome is logged here, once. */
async function run(lease: Lease, workflows: Tools, deployments: DeployTools | null): Promise<void> {
  const own = log.child(leaseFields(lease));
  stepLogs.set(
    lease.id,
    openStepLog(own, lease.work, () => performance.now()),
  );
  own.info('claimed');
  try {
    const outcome = await perform(lease, withLog(workflows, own), deployments);
    own.info(outcome, 'done');
  } catch (error) {
    if (error instanceof LeaseLost) own.warn({ reason: error.stop.reason }, 'the lease is lost');
    else own.error({ err: error }, 'the work ended by surprise');
  } finally {
    await lease.release();
    stepLogs.delete(lease.id);
  }
}

async function perform(lease: Lease, workflows: WorkflowTools, deployments: DeployTools | null) {
  if (isWorkflow(lease)) return runWorkflow(lease, workflows);
  if (isDeployment(lease) && deployments !== null) return runDeployment(lease, deployments);
  throw new Error('this worker has no router');
}

function withLog(tools: Tools, own: Logger): WorkflowTools {
  const onLeftover = (error: unknown): void =>
    own.warn({ err: error }, 'something of a build is left; the reaper tries again');
  return { ...tools, onLeftover, keepsImages: { isDiskLow } };
}

async function isDiskLow(): Promise<boolean> {
  return (await readDiskRoom(settings.dataDir, settings.diskLow)).isLow;
}

function isWorkflow(lease: Lease): lease is Lease<WorkflowWork> {
  return lease.work.kind === 'workflow';
}

function isDeployment(lease: Lease): lease is Lease<DeploymentWork> {
  return lease.work.kind === 'deployment';
}

async function workflowTools(engine: Engine, buildClient: BuildClient): Promise<Tools> {
  return {
    engine,
    buildClient,
    bringFiles: filesFromMirrors(await prunedMirrors()),
    checkouts: await folder('checkouts'),
    workerName: settings.name,
    caBundle: settings.caBundle,
    registryIdleMs: settings.registryIdleMs,
    steps: {
      ...STEP_SETTINGS,
      networkRange: settings.buildNetworks,
      helperPath: settings.helper,
      hostVolumes: settings.hostVolumes,
      deadManSwitchMs: settings.deadManSwitchMs,
    },
  };
}

/** Mirrors that nobody used for a month go; one is made again by the next checkout. */
async function prunedMirrors(): Promise<Mirrors> {
  const mirrors = await openMirrors(await folder('worker-mirrors'));
  const prune = (): void => {
    mirrors
      .prune(UNUSED_MIRROR_MS)
      .catch((error: unknown) => log.warn({ err: error }, 'old mirrors are still there'));
  };
  setInterval(prune, PRUNE_MS).unref();
  return mirrors;
}

/** Keeps the engine's build cache to its bound, while nothing runs here. */
function keepBuildCache(engine: Engine, isIdle: () => boolean): void {
  const keepBytes = settings.keepBuildCacheBytes;
  if (keepBytes === 0) return;
  const cache = engineBuildCache(engine.docker);
  let dueMs = 0;
  const look = async (): Promise<void> => {
    if (!isIdle() || performance.now() < dueMs) return;
    dueMs = performance.now() + PRUNE_MS;
    const freedBytes = await boundBuildCache({ cache, keepBytes, isIdle });
    if (freedBytes > 0) log.info({ freedBytes, keepBytes }, 'the build cache was brought to its bound');
  };
  setInterval(() => {
    look().catch((error: unknown) => log.warn({ err: error }, 'the build cache is as large as it was'));
  }, IDLE_LOOK_MS).unref();
}

/** Null where there is no router. */
function keepAppLogs(engine: Engine, server: ServerConnection): AppLogs | null {
  if (settings.router === null) return null;
  return new AppLogs({
    engine,
    link: server.router(settings.router.name),
    onError: (error) => log.warn({ err: error }, 'the log of an app is not followed'),
  });
}

function deployTools(engine: Engine, appLogs: AppLogs | null): DeployTools | null {
  if (settings.router === null || appLogs === null) return null;
  return {
    engine,
    router: openRouter(settings.router.dir),
    workerName: settings.name,
    network: { name: appNetworkName(settings.appNetwork), range: settings.appNetwork },
    clock: systemClock,
    active: new Set(),
    sealLog: (app) => appLogs.seal(app),
  };
}

/** Keeps the router to the record, tells its fail-overs and sends the apps' logs; null where there is none. */
function keepRouter(
  tools: DeployTools | null,
  appLogs: AppLogs | null,
  server: ServerConnection,
): Keeper | null {
  if (tools === null || appLogs === null || settings.router === null) return null;
  const { name } = settings.router;
  return startTending({
    tools,
    link: server.router(name),
    appLogs,
    everyMs: TIMES.reconciler,
    onDone: (what) => log.info({ what }, 'tended the router'),
    onRouter: (change) => sayOfRouter(name, change),
    onError: (error) => log.warn({ err: error }, 'the router could not be tended; it is tried again'),
  });
}

/** Null where the router speaks no TLS. */
function routerCertificates(tools: DeployTools | null): RouterCertificates | null {
  const folder = settings.router?.tls?.certificates;
  if (tools === null || folder === undefined) return null;
  const certificates = keepCertificates({
    ...{ router: tools.router, folder, clock: systemClock, everyMs: TIMES.certificateLook },
    onDone: (what) => log.info({ what }, 'the certificates of the router changed'),
    onRefused: (error) => log.error({ err: error }, 'a certificate of the router stays as it was'),
    onEnding: (name, endsMs) =>
      log.warn({ name, ends: new Date(endsMs) }, 'a certificate of the router should have been renewed'),
  });
  onHangUp = () => void certificates.look();
  return certificates;
}

function sayOfRouter(router: string, change: RouterChange): void {
  if (change.kind === 'away')
    log.error({ router, cause: change.cause }, 'the router is away: nothing answers the public hosts');
  else if (change.kind === 'back') log.info({ router }, 'the router is back');
  else log.warn({ router }, 'the router ended and was started again');
}

function startReaper(engine: Engine, checkouts: string, caches: CacheStore, owner: Owner): NodeJS.Timeout {
  const remove = async (): Promise<number> => {
    const removed =
      (await reapLeftovers(engine, settings.name, owner)) +
      (await clearLeftovers(engine, checkouts, owner)) +
      (await dropKeptImages(engine, { nowMs: Date.now(), isDiskLow: await isDiskLow() }));
    // Their folder is this process's own: what no lease of it is writing is nobody's.
    await caches.clearLeftovers(owner.isLeaseAlive);
    return removed;
  };
  const reap = (): void => {
    remove().then(
      (removed) => removed > 0 && log.info({ removed }, 'removed what earlier builds left'),
      (error: unknown) => log.warn({ err: error }, 'the reaper could not finish'),
    );
  };
  reap();
  return setInterval(reap, TIMES.reconciler);
}

async function folder(name: string): Promise<string> {
  const directory = path.join(settings.dataDir, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700); // also one that stood there: what is in it is nobody else's
  return directory;
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function ended(dismissed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (dismissed.aborted) resolve();
    dismissed.addEventListener('abort', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

function read(): WorkerSettings {
  try {
    return readWorkerSettings(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(78);
  }
}
