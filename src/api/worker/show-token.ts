import type { Request } from 'express';
import { Problem } from '../../core/problem.ts';
import type { Builds, KnownWorker, OpenLease } from '../../builds/index.ts';
import { hashToken, isSameHash } from '../../secrets/token.ts';

/** A worker whose token was shown, with the token. */
export interface ShownWorker {
  readonly worker: KnownWorker;
  readonly bearer: string;
}

/** @throws Problem `worker_token_wrong`. */
export async function demandWorker(builds: Builds, request: Request): Promise<ShownWorker> {
  const bearer = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
  const hash = hashToken(bearer);
  const worker = await builds.findWorker(hash);
  if (worker === null || !isSameHash(worker.tokenHash, hash)) throw new Problem('worker_token_wrong');
  return { worker, bearer };
}

/**
 * The worker, when the process that asks holds its name.
 * @throws Problem `worker_token_wrong`, `worker_superseded`.
 */
export async function demandProcess(builds: Builds, request: Request): Promise<ShownWorker> {
  const shown = await demandWorker(builds, request);
  const { name, instance } = shown.worker;
  if (instance === null || request.get('slipway-instance') !== instance)
    throw new Problem('worker_superseded', { worker: name });
  return shown;
}

/**
 * The lease of the path, by the worker's token and the lease's own.
 * @throws Problem `worker_token_wrong`, `worker_superseded`, `lease_lost`.
 */
export async function demandLease(builds: Builds, request: Request): Promise<OpenLease> {
  const { worker } = await demandProcess(builds, request);
  const lease = pathPart(request, 'lease');
  return builds.openLease(worker, lease, request.get('slipway-lease') ?? '');
}

export function pathPart(request: Request, name: string): string {
  const part = request.params[name];
  return typeof part === 'string' ? part : '';
}
