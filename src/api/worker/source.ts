import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { BUNDLE_CONTENT_TYPE, sourceRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerRouteDeps } from './worker-routes.ts';

/**
 * `POST /leases/:lease/source`: what the workflow's worker checks out. What goes wrong before the first byte is answered
 * as a Problem; later the connection is cut, which breaks the bundle.
 */
export async function source(deps: WorkerRouteDeps, request: Request, response: Response): Promise<void> {
  const lease = await demandLease(deps.builds, request);
  const { have } = await readBody(request, sourceRequest);
  const workflowId = await deps.builds.workflowOf(lease);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the worker is gone')));
  const late = setTimeout(() => gone.abort(new Error('it took too long')), MOST_MS);
  try {
    const bundle = await deps.intake.bundle(workflowId, have, gone.signal);
    response.type(BUNDLE_CONTENT_TYPE);
    await pipeline(Readable.from(bundle, { objectMode: false }), response).catch((error: unknown) => {
      if (!gone.signal.aborted) deps.log.warn({ err: error, workflowId }, 'the bundle of a source broke off');
      response.destroy();
    });
  } finally {
    clearTimeout(late);
  }
}

/** A worker that reads slower than this is not served to the end. */
const MOST_MS = 30 * 60_000;
