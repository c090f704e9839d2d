import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { Problem } from '../../core/problem.ts';
import { BUNDLE_CONTENT_TYPE, sourceRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerRouteDeps } from './worker-routes.ts';

/**
 * `POST /leases/:lease/source`: what the workflow's worker checks out. What goes wrong before the first byte is answered
 * as a Problem; later the connection is cut, which breaks the bundle.
 */
export async function source(deps: WorkerRouteDeps, request: Request, response: Response): Promise<void> {
  const { subject } = await demandLease(deps.builds, request);
  const { have } = await readBody(request, sourceRequest);
  if (subject.kind !== 'workflow') throw new Problem('not_allowed');
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the worker is gone')));
  const bundle = await deps.intake.bundle(subject.id, have, gone.signal);
  response.type(BUNDLE_CONTENT_TYPE);
  // An answer that was cut has told the worker all there is to tell.
  await pipeline(Readable.from(bundle, { objectMode: false }), response).catch(() => response.destroy());
}
