import { readFileSync } from 'node:fs';
import type { Server as HttpsServer } from 'node:https';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Express } from 'express';
import { pino } from 'pino';
import { secretTexts } from '../config/secret-texts.ts';
import { readServerSettings, type ServerSettings } from '../config/settings.ts';
import { EFFECT_TRIES, TIMES } from '../config/times.ts';
import { createApp } from './api/app.ts';
import { endHttpServer } from './api/end-http-server.ts';
import { createHttpServer, createHttpsServer, REQUEST_TIMES, useCertificate } from './api/http-server.ts';
import type { RequestTimes } from './api/http-server.ts';
import { listen } from './api/listen.ts';
import { API_LIMITS } from './api/limits.ts';
import { workerRoutes } from './api/worker/worker-routes.ts';
import { createBuilds, effectSettled, endedLeases, manifestRecord } from './builds/index.ts';
import { createLineMask } from './core/line-mask.ts';
import { Problem } from './core/problem.ts';
import { createDispatcher } from './dispatch/create-dispatcher.ts';
import { openDataFolder } from './files/open-data-folder.ts';
import { createMirrors } from './git/mirrors.ts';
import { readRemote } from './git/remote.ts';
import { connectGithub } from './hosts/github/connect-github.ts';
import { BUILT_EVENTS } from './hosts/github/read-delivery.ts';
import { buildVariables } from './intake/build-variables.ts';
import { createIntake } from './intake/database-intake.ts';
import { createProjects } from './intake/database-projects.ts';
import { createSchedules } from './intake/schedules.ts';
import { createMirrorKeeper } from './intake/mirror-keeper.ts';
import { createArtifacts } from './artifacts/artifacts.ts';
import { openFileArtifacts } from './artifacts/file-artifacts.ts';
import { openFileLogStore } from './logs/file-log-store.ts';
import { logEnds } from './metrics/log-ends.ts';
import { createPrometheusMetrics } from './metrics/prometheus-metrics.ts';
import { createOutbox } from './outbox/outbox.ts';
import { postWebhook } from './outbox/post-webhook.ts';
import { rangesOf } from './outbox/public-address.ts';
import { sealLogHandler } from './outbox/seal-log.ts';
import { notificationHandler } from './outbox/send-notification.ts';
import { traceHandler } from './outbox/send-trace.ts';
import { commitCheckHandler } from './outbox/show-commit-check.ts';
import { commitStatusHandler } from './outbox/set-commit-status.ts';
import { createSmtpMailer } from './outbox/smtp-mailer.ts';
import { systemClock as clock } from './ports/clock.ts';
import type { Mailer } from './ports/mailer.ts';
import { giveBackMemory } from './processes/give-back-memory.ts';
import { createBullmqQueue } from './queue/bullmq-queue.ts';
import { createRedisUsers } from './queue/redis-users.ts';
import { clearStagingEffect } from './registry/clear-staging.ts';
import { knownManifests } from './registry/known-manifests.ts';
import type { RegistryAccess } from './registry/open-named.ts';
import { putManifestEffect } from './registry/put-manifest.ts';
import { removeManifestEffect } from './registry/remove-manifest.ts';
import { tagEffect } from './registry/tag-effect.ts';
import { createDiskWatch } from './disk/disk-watch.ts';
import { readDiskSpace } from './disk/read-disk-space.ts';
import { createRetention } from './retention/retention.ts';
import { keepAdminToken } from './secrets/admin-token-file.ts';
import { createSecrets } from './secrets/database-secrets.ts';
import { createAccessTokens } from './secrets/database-tokens.ts';
import { createNotificationTargets } from './secrets/notification-targets.ts';
import { openKeyRing } from './secrets/key-ring.ts';
import { createSecretBox } from './secrets/secret-box.ts';
import { isDatabaseAway } from './store/is-database-away.ts';
import { openStore } from './store/open-store.ts';
import { keepCertificate, type CertificateKeeper } from './tls/keep-certificate.ts';
import { trustAuthorities, writeAuthorities } from './tls/trust-authorities.ts';
import { createDeliveryStore } from './webhooks/database-deliveries.ts';
import { createMissedDeliveries } from './webhooks/missed-deliveries.ts';

/** Composition root of the server. It may be killed at any moment: what it answered for is in the database. */
const settings = read();
/** A renewed certificate is to be looked at; without one, nothing: the signal ends no process of ours. */
let onHangUp = (): void => undefined;
process.on('SIGHUP', () => onHangUp());
const lineMask = createLineMask(secretTexts(process.env));
const output = pino.destination({ sync: true });
const log = pino(
  {
    name: 'slipway-server',
    level: settings.logLevel,
    hooks: {
      // A database that is away fails all that is under way, every second; it is told once, with its cause.
      logMethod(words, write) {
        if (!isDatabaseAway((words[0] as { err?: unknown }).err)) write.apply(this, words);
      },
    },
  },
  { write: (line) => void output.write(lineMask.mask(line)) },
);
await main().catch((error: unknown) => {
  log.fatal(
    { err: error },
    error instanceof Problem ? `${error.message} ${error.fix}` : `the server ends: ${String(error)}`,
  );
  process.exit(1);
});

async function main(): Promise<void> {
  trustAuthorities(settings.caBundle);
  const certificate = await certificateOf(settings);
  const data = (name: string): string => path.join(settings.dataDir, name);
  process.umask(0o077); // what is written is nobody else's, also in a folder that others may enter
  await openDataFolder(settings.dataDir, ['logs', 'artifacts', 'mirrors']);
  if (settings.caBundle !== null)
    process.env['GIT_SSL_CAINFO'] ??= await writeAuthorities(data('authorities.pem'));
  const ending = new AbortController();
  const warn = (what: string) => (error: unknown) => log.warn({ err: error }, what);

  const store = await openStore(settings.databaseUrl ?? data('slipway.db'), {
    clock,
    isTraced: settings.traces !== null,
    onLockLost: (problem) => {
      log.fatal(problem.message);
      process.exit(1);
    },
    onAway: (error) => log.error({ err: error }, 'the database is away'),
    onBack: () => log.info('the database is back'),
    onError: warn('the record'),
  });
  const gitHost = connectGithub({ ...settings.github, clock });
  const box = createSecretBox(await openKeyRing(data('keys')), (plain) => lineMask.add([plain]));
  const secrets = createSecrets({ store, box, clock, gitHost });
  const targets = createNotificationTargets({ store, box, clock });
  const logs = openFileLogStore(data('logs'));
  const artifactFiles = openFileArtifacts(data('artifacts'));
  const intakeSettings = { publicUrl: settings.url, version: versionOf() };
  const builds = createBuilds({
    store,
    clock,
    logs,
    secrets,
    variables: buildVariables(intakeSettings),
    registry: settings.registry,
    router: settings.router,
    onError: warn('builds'),
  });
  const queue = createBullmqQueue({
    url: settings.redisUrl,
    onReady: () => dispatcher.wake(),
    onUnfit: (complaints) => log.warn({ complaints }, 'Redis is not set as Slipway needs it'),
    onAway: warn('Redis is away'),
    onBack: () => log.info('Redis is back'),
    onError: warn('the queue'),
  });
  const queueAccess = createRedisUsers({
    url: settings.redisUrl,
    onRefused: (cause) => log.warn({ cause }, 'workers get no login of their own at Redis'),
    // Where all of Redis is away, the queue has told it.
    onError: (error) => void (queue.isReady() && warn('logins of workers at Redis')(error)),
  });
  const readSpace = () => readDiskSpace(settings.dataDir);
  const disk = createDiskWatch({
    whose: "the server's disk",
    readSpace,
    low: settings.diskLow,
    onChange: (why) => {
      if (why === null) log.info('the disk has room again: builds are started');
      else {
        log.warn({ why }, 'no build is started');
        mirrorKeeper.wake();
      }
      dispatcher.wake();
    },
    onError: warn('how full the disk is cannot be told'),
  });
  const artifacts = createArtifacts({
    ...{ store, clock, files: artifactFiles },
    mostBytes: settings.artifactBytes,
    readRoom: disk.readRoom,
  });
  const dispatcher = createDispatcher({
    ...{ store, builds, queue, clock, onError: warn('dispatch') },
    whyPaused: disk.whyPaused,
  });
  const registries: RegistryAccess = {
    loginOf: (host) => secrets.registryLogin(host),
    isInsecure: (host) => host === settings.registry?.host && settings.registry.insecure,
    known: knownManifests(),
  };
  const metrics = createPrometheusMetrics({
    ...{ store, clock, version: intakeSettings.version, readSpace },
    connected: () => builds.connectedWorkers(),
    isQueueReady: () => queue.isReady(),
  });
  const outbox = createOutbox({
    store,
    clock,
    settled: effectSettled,
    attemptsOf: EFFECT_TRIES,
    handlers: {
      tag: tagEffect(registries),
      'put-manifest': putManifestEffect(registries),
      'remove-manifest': removeManifestEffect(registries, manifestRecord(store)),
      'clear-staging': clearStagingEffect(registries, endedLeases(store)),
      'commit-status': commitStatusHandler({
        store,
        gitHost,
        connectionOf: (projectId) => secrets.connectionOf(projectId),
        publicUrl: settings.url,
      }),
      'commit-check': commitCheckHandler({
        store,
        gitHost,
        connectionOf: (projectId) => secrets.appConnectionOf(projectId),
        publicUrl: settings.url,
        onTokenAlone: (repository) =>
          log.info({ repository }, 'failed tests are not shown in its files: that takes the GitHub App'),
      }),
      notification: notificationHandler({
        open: (targetId) => targets.open(targetId),
        mailer: mailerOf(settings),
        guard: { allowed: rangesOf(settings.notifications.networks) },
        clock,
        publicUrl: settings.url,
      }),
      trace: traceHandler({
        store,
        clock,
        collector: settings.traces,
        publicUrl: settings.url,
        version: intakeSettings.version,
        onTaken({ subjectId, rejected, why }) {
          metrics.traced('sent');
          metrics.rejected(rejected);
          if (rejected > 0 || why !== '')
            log.warn({ subjectId, rejected, why }, 'the collector did not want all of a trace');
        },
        onAway: (reason) => log.warn({ reason }, 'the collector of traces is away; they wait'),
      }),
      webhook: postWebhook,
      'seal-log': sealLogHandler(logs, clock),
    },
    onSettled: ({ kind, subjectId, state, result }) => {
      if (kind !== 'trace' || state !== 'failed') return;
      metrics.traced('dropped');
      log.warn({ subjectId, reason: result }, 'a trace was dropped');
    },
    onError: warn('outbox'),
  });
  const mirrors = createMirrors({
    directory: data('mirrors'),
    fetchTimeoutMs: settings.git.fetchMs,
    fetchIdleMs: settings.git.idleMs,
    signal: ending.signal,
  });
  const parts = { store, builds, mirrors, readRemote, secrets, clock, log, gitHost };
  const intake = createIntake({ ...parts, settings: intakeSettings });
  const projects = createProjects({ ...parts, intake });
  const schedules = createSchedules({ ...parts, intake });
  const mirrorKeeper = createMirrorKeeper({
    ...parts,
    unusedMs: settings.retention.mirrorsMs,
    isDiskLow: async () => {
      await disk.look();
      return disk.whyPaused() !== null;
    },
  });
  const retention = createRetention({
    store,
    logs,
    artifacts: artifactFiles,
    clock,
    limits: settings.retention,
    log,
  });
  const deliveries = createDeliveryStore({ store, clock, events: BUILT_EVENTS });
  const missed = createMissedDeliveries({
    ...{ store, clock, deliveries, host: gitHost, hasApp: gitHost.hasApp },
    connectionOf: (projectId) => secrets.connectionOf(projectId),
    webhookUrl: `${settings.url}/webhooks/github`,
    events: BUILT_EVENTS,
    everyMs: TIMES.missedDeliveries,
    onTaken: (source, count) => log.info({ source, count }, 'took in deliveries that had not come'),
    onRefused: (source, problem) =>
      log.warn({ source, fix: problem.fix }, `missed deliveries cannot be asked for: ${problem.message}`),
    onError: warn('missed deliveries'),
  });
  const ends = logEnds({ store, clock, log, everyMs: TIMES.endsLook });
  const tokens = createAccessTokens({ store, clock });
  const app = createApp({
    settings: {
      publicUrl: settings.url,
      webhookSecrets: settings.webhookSecrets,
      webRoot: fileURLToPath(new URL('../web/dist', import.meta.url)),
      trustedProxies: settings.trustedProxies,
      limits: API_LIMITS,
      hasMailServer: settings.notifications.smtp !== null,
    },
    log,
    clock,
    store,
    builds,
    logs,
    secrets,
    targets,
    tokens,
    projects,
    schedules,
    deliveries,
    intake,
    views: {
      waitingOf: dispatcher.waitingOf,
      waitingFor: dispatcher.waitingFor,
      urlOf: (host) => appUrl(host, settings.router),
    },
    workerRoutes: workerRoutes({ builds, logs, artifacts, artifactFiles, intake, queueAccess, log }),
    artifactFiles,
    queueAccess,
    metrics,
    whyPaused: disk.whyPaused,
    notReady: async () => [
      ...((await queue.answers()) ? [] : [`redis: not ${queue.isReady() ? 'answering' : 'connected'}`]),
      ...(store.isAway() ? ['database: not answering'] : []),
    ],
  });

  const tokenFile = data('admin-token');
  if (await keepAdminToken({ tokens, clock, file: tokenFile }))
    log.info({ file: tokenFile }, 'made an admin token; sign in with it');
  builds.start();
  outbox.start();
  await disk.look();
  disk.start();
  dispatcher.start();
  intake.start();
  missed.start();
  schedules.start();
  mirrorKeeper.start();
  const removals = projects.endRemovals(ending.signal).catch(warn('removals of projects'));
  retention.start();
  const server = certificate?.serve(app) ?? createHttpServer(app, requestTimes(settings));
  await listen(server, settings.listen, 'SLIPWAY_LISTEN');
  log.info({ url: settings.url, listen: settings.listen }, 'the server listens');
  void queue.reached.then(() => log.info('the server is ready'));
  flushCompileCache(); // for the next start, also where this process is killed
  giveBackMemory({ everyMs: TIMES.memoryLook });

  await signalled();
  log.info('the server ends');
  ending.abort();
  certificate?.stop();
  disk.stop();
  metrics.stop();
  await Promise.all([
    endHttpServer(server),
    missed.stop(),
    schedules.stop(),
    intake.stop(),
    mirrorKeeper.stop(),
    removals,
    retention.stop(),
    mirrors.settled(),
    dispatcher.stop(),
    builds.stop(),
    outbox.stop(),
  ]);
  await ends.stop();
  await queue.close();
  queueAccess.close();
  await logs.close();
  await store.close();
}

/** Null: no e-mail is sent. @throws Problem `settings_wrong` where its authorities cannot be read. */
function mailerOf({ notifications: { smtp } }: ServerSettings): Mailer | null {
  if (smtp === null) return null;
  return createSmtpMailer({ ...smtp, ca: smtp.ca === null ? null : readAuthorities(smtp.ca) });
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const list = `  SLIPWAY_SMTP_CA: ${file} cannot be read (${(error as Error).message})`;
    throw new Problem('settings_wrong', { count: 'One setting is', list });
  }
}

/** What the server speaks HTTPS with; null without a certificate. @throws Problem `certificate_wrong`. */
async function certificateOf({ tls, ...settings }: ServerSettings) {
  if (tls === null) return null;
  const { certificate } = tls;
  let server: HttpsServer | null = null;
  const keeper: CertificateKeeper = await keepCertificate({
    files: tls,
    clock,
    everyMs: TIMES.certificateLook,
    onRenewed: (renewed) => {
      if (server !== null) useCertificate(server, renewed);
      log.info({ certificate, ends: new Date(renewed.endsMs) }, 'the certificate was renewed');
    },
    onRefused: (error) => log.error({ err: error, certificate }, 'the certificate of before stays in use'),
    onEnding: ({ endsMs }) =>
      log.warn({ certificate, ends: new Date(endsMs) }, 'the certificate should have been renewed'),
  });
  onHangUp = () => void keeper.look();
  return {
    serve: (app: Express): HttpsServer =>
      (server = createHttpsServer(app, keeper.current, requestTimes(settings))),
    stop: () => keeper.stop(),
  };
}

function requestTimes({ keepAliveMs }: Pick<ServerSettings, 'keepAliveMs'>): RequestTimes {
  return { ...REQUEST_TIMES, keepAliveMs };
}

/** Where an app is opened: the router's public port, unless it is the usual one. */
function appUrl(host: string, { port, isTls }: ServerSettings['router']): string {
  const usual = isTls ? 443 : 80;
  return `${isTls ? 'https' : 'http'}://${host}${port === usual ? '' : `:${port}`}`;
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function read(): ServerSettings {
  try {
    return readServerSettings(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(78);
  }
}
