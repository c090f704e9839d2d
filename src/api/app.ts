import express, { type Express } from 'express';
import { listAudit } from './audit/list-audit.ts';
import { downloadArtifact } from './artifacts/download-artifact.ts';
import { showBadge } from './badges/show-badge.ts';
import { showTests } from './builds/show-tests.ts';
import { cancelBuild } from './builds/cancel-build.ts';
import { listBuilds } from './builds/list-builds.ts';
import { replayBuild } from './builds/replay-build.ts';
import { rerunBuild } from './builds/rerun-build.ts';
import { showAttempts } from './builds/show-attempts.ts';
import { showFailedPart } from './builds/show-failed-part.ts';
import { showBuild } from './builds/show-build.ts';
import { listDeliveries } from './deliveries/list-deliveries.ts';
import { replayDelivery } from './deliveries/replay-delivery.ts';
import { showDelivery } from './deliveries/show-delivery.ts';
import { cancelDeployment } from './deployments/cancel-deployment.ts';
import type { AppDeps } from './deps.ts';
import { listEnvironments } from './environments/list-environments.ts';
import { removeEnvironment } from './environments/remove-environment.ts';
import { rollBack } from './environments/roll-back.ts';
import { showEnvironment } from './environments/show-environment.ts';
import { health } from './health/health.ts';
import { ready } from './health/ready.ts';
import { lintFile } from './lint/lint-file.ts';
import { downloadLog } from './logs/download-log.ts';
import { readLog } from './logs/read-log.ts';
import { searchLog } from './logs/search-log.ts';
import { logAccess } from './middleware/access-log.ts';
import { answerProblem } from './middleware/answer-problem.ts';
import { authenticate } from './middleware/authenticate.ts';
import { answerNotFound, denyUnknown } from './middleware/deny-unknown.ts';
import { measureRequests } from './middleware/measure-requests.ts';
import { forbidCaching } from './middleware/no-store.ts';
import { giveRequestId } from './middleware/request-id.ts';
import { demandSameOrigin } from './middleware/same-origin.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { showMetrics } from './metrics/show-metrics.ts';
import { servePages } from './pages/serve-pages.ts';
import { addTarget } from './notifications/add-target.ts';
import { changeTarget } from './notifications/change-target.ts';
import { listTargets } from './notifications/list-targets.ts';
import { removeTarget } from './notifications/remove-target.ts';
import { tryTarget } from './notifications/try-target.ts';
import { addProject } from './projects/add-project.ts';
import { changeProject } from './projects/change-project.ts';
import { connectProject } from './projects/connect-project.ts';
import { disconnectProject } from './projects/disconnect-project.ts';
import { listProjects } from './projects/list-projects.ts';
import { removeProject } from './projects/remove-project.ts';
import { removeSecret } from './projects/remove-secret.ts';
import { listInputs } from './projects/list-inputs.ts';
import { runNow } from './projects/run-now.ts';
import { setSecret } from './projects/set-secret.ts';
import { showTest } from './projects/show-test.ts';
import { showProject } from './projects/show-project.ts';
import { listRegistries } from './registries/list-registries.ts';
import { removeRegistry } from './registries/remove-registry.ts';
import { setRegistry } from './registries/set-registry.ts';
import { createRefusalAllowance } from './refusal-allowance.ts';
import { mountRoutes, type Route } from './route.ts';
import { changeSchedule } from './schedules/change-schedule.ts';
import { listSchedules } from './schedules/list-schedules.ts';
import { showServer } from './server/show-server.ts';
import { showSession } from './session/show-session.ts';
import { signIn } from './session/sign-in.ts';
import { signOut } from './session/sign-out.ts';
import { cancelStep } from './steps/cancel-step.ts';
import { stream } from './stream/stream.ts';
import { listTokens } from './tokens/list-tokens.ts';
import { makeToken } from './tokens/make-token.ts';
import { revokeToken } from './tokens/revoke-token.ts';
import { receiveGithub } from './webhooks/receive-github.ts';
import { drainWorker } from './workers/drain-worker.ts';
import { listWorkers } from './workers/list-workers.ts';
import { makeWorkerToken } from './workers/make-worker-token.ts';
import { revokeWorkerToken } from './workers/revoke-worker-token.ts';

/** The server's HTTP: webhooks, the worker protocol, the API of pages and command line, and the pages themselves. */
export function createApp(deps: AppDeps): Express {
  const { settings, log } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', settings.trustedProxies);

  app.use(giveRequestId());
  app.use(logAccess(log));
  app.use(measureRequests(deps.metrics));
  app.use(securityHeaders(settings.publicUrl));
  const audit = { ...deps, refusals: createRefusalAllowance(deps.clock) };
  mountRoutes(app, [health(), ready(deps), receiveGithub(deps), showBadge(deps)], audit);

  app.use(['/api', '/worker', '/metrics'], forbidCaching());
  app.use(['/api', '/worker', '/metrics'], authenticate(deps));
  app.use('/api', demandSameOrigin(settings.publicUrl));
  mountRoutes(app, [showMetrics(deps)], audit);
  mountRoutes(app, apiRoutes(deps), audit);
  mountRoutes(app, deps.workerRoutes, audit);
  app.use(['/api', '/worker', '/webhooks', '/metrics'], denyUnknown());

  if (settings.webRoot !== null) app.use(...servePages(settings.webRoot));
  app.use(answerNotFound());
  app.use(answerProblem(log));
  return app;
}

function apiRoutes(deps: AppDeps): readonly Route[] {
  return [
    showServer(deps),
    showSession(),
    signIn(deps),
    signOut(deps),

    listTokens(deps),
    makeToken(deps),
    revokeToken(deps),

    listProjects(deps),
    addProject(deps),
    showProject(deps),
    changeProject(deps),
    connectProject(deps),
    disconnectProject(deps),
    removeProject(deps),
    showTest(deps),
    setSecret(deps),
    removeSecret(deps),
    listSchedules(deps),
    changeSchedule(deps),
    listInputs(deps),
    runNow(deps),

    listTargets(deps),
    addTarget(deps),
    changeTarget(deps),
    removeTarget(deps),
    tryTarget(deps),

    listBuilds(deps),
    showBuild(deps),
    showTests(deps),
    cancelBuild(deps),
    rerunBuild(deps),
    replayBuild(deps),
    showAttempts(deps),
    showFailedPart(deps),
    cancelStep(deps),

    lintFile(),

    listEnvironments(deps),
    showEnvironment(deps),
    rollBack(deps),
    removeEnvironment(deps),
    cancelDeployment(deps),

    listDeliveries(deps),
    showDelivery(deps),
    replayDelivery(deps),

    readLog(deps),
    searchLog(deps),
    downloadLog(deps),
    downloadArtifact(deps),
    stream(deps),

    listRegistries(deps),
    setRegistry(deps),
    removeRegistry(deps),

    listWorkers(deps),
    makeWorkerToken(deps),
    revokeWorkerToken(deps),
    ...drainWorker(deps),

    listAudit(deps),
  ];
}
