import { routerEventsRequest, routerRemovedRequest } from '../../protocol/worker.ts';
import { append, readChunks } from './logs.ts';
import { readBody } from './read-body.ts';
import { demandProcess, pathPart } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `GET /routers/:router`: everything that this worker's router must serve. */
export const routerRecord: WorkerHandler = async ({ builds }, request) => {
  const { worker } = await demandProcess(builds, request);
  return builds.routerRecord(worker, pathPart(request, 'router'));
};

/** `POST /routers/:router/events`: what the router did by itself. */
export const routerEvents: WorkerHandler = async ({ builds }, request) => {
  const { worker } = await demandProcess(builds, request);
  const body = await readBody(request, routerEventsRequest);
  await builds.routerEvents(worker, pathPart(request, 'router'), body);
  return {};
};

/** `POST /routers/:router/removed`: what was to be removed, and is; the answer is what was forgotten. */
export const routerRemoved: WorkerHandler = async ({ builds }, request) => {
  const { worker } = await demandProcess(builds, request);
  const body = await readBody(request, routerRemovedRequest);
  return builds.routerRemoved(worker, pathPart(request, 'router'), body);
};

/** `POST /routers/:router/logs`: output of the apps in their slots. */
export const routerLogs: WorkerHandler = async (deps, request) => {
  const { worker } = await demandProcess(deps.builds, request);
  const chunks = await readChunks(request);
  const ids = [...new Set(chunks.map(({ logId }) => logId))];
  return append(deps, chunks, await deps.builds.appLogsOf(worker, pathPart(request, 'router'), ids));
};
