import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Artifacts } from '../../artifacts/artifacts.ts';
import type { Builds } from '../../builds/index.ts';
import type { Intake } from '../../intake/intake.ts';
import type { ArtifactFiles } from '../../ports/artifact-files.ts';
import type { QueueAccess } from '../../ports/queue-access.ts';
import type { LogStore } from '../../ports/log-store.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { offerArtifact, takeArtifact } from './artifacts.ts';
import { claims } from './claims.ts';
import { effects } from './effects.ts';
import { giveUp } from './give-up.ts';
import { heartbeat } from './heartbeat.ts';
import { leave } from './leave.ts';
import { logs } from './logs.ts';
import { reports } from './reports.ts';
import { routerEvents, routerLogs, routerRecord, routerRemoved } from './routers.ts';
import { secrets } from './secrets.ts';
import { sendArtifact } from './send-artifact.ts';
import { signals } from './signals.ts';
import { source, type SourcesUnderWay } from './source.ts';
import { images } from './images.ts';
import { splits } from './splits.ts';
import { tests } from './tests.ts';
import { workers } from './workers.ts';

/** What the routes of the worker protocol work with. */
export interface WorkerRouteDeps {
  readonly builds: Builds;
  readonly logs: Pick<LogStore, 'append'>;
  readonly artifacts: Artifacts;
  readonly artifactFiles: Pick<ArtifactFiles, 'open'>;
  readonly intake: Pick<Intake, 'bundle'>;
  readonly queueAccess: Pick<QueueAccess, 'admit'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Whether workers may have the server POST to an address that they name. No part of Slipway does; experiments do. */
  readonly mayCall?: boolean;
}

/** Answers one request of the protocol with JSON, or throws a Problem. */
export type WorkerHandler = (deps: WorkerRouteDeps, request: Request, response: Response) => Promise<object>;

/** The table of `src/protocol/worker.ts`. Every route needs a worker's token; those under a lease look at it again. */
export function workerRoutes(deps: WorkerRouteDeps): readonly Route[] {
  const at = (method: Route['method'], path: string, handler: WorkerHandler): Route =>
    route({
      method,
      path: `/worker/v1${path}`,
      access: 'worker',
      audit: 'history',
      handle: async (request, response) => {
        const answer = await handler(deps, request, response);
        response.json(answer);
      },
    });
  const sources: SourcesUnderWay = new Map();
  return [
    at('post', '/workers', workers),
    at('post', '/workers/leave', leave),
    at('post', '/claims', claims),
    at('post', '/leases/:lease/heartbeat', heartbeat),
    at('post', '/leases/:lease/give-up', giveUp),
    at('get', '/leases/:lease/signals', signals),
    at('post', '/leases/:lease/reports', reports),
    at('post', '/leases/:lease/logs', logs),
    route({
      method: 'post',
      path: '/worker/v1/leases/:lease/source',
      access: 'worker',
      audit: 'history',
      handle: (request, response) => source(deps, sources, request, response),
    }),
    at('post', '/leases/:lease/tests', tests),
    at('post', '/leases/:lease/splits', splits),
    at('post', '/leases/:lease/images', images),
    at('post', '/leases/:lease/artifacts', offerArtifact),
    at('post', '/leases/:lease/artifacts/:artifact', takeArtifact),
    route({
      method: 'get',
      path: '/worker/v1/leases/:lease/artifacts/:artifact',
      access: 'worker',
      audit: 'history',
      handle: (request, response) => sendArtifact(deps, request, response),
    }),
    at('get', '/leases/:lease/secrets', secrets),
    at('post', '/leases/:lease/effects', effects),
    at('get', '/routers/:router', routerRecord),
    at('post', '/routers/:router/events', routerEvents),
    at('post', '/routers/:router/removed', routerRemoved),
    at('post', '/routers/:router/logs', routerLogs),
  ];
}
