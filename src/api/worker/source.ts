import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { BUNDLE_CONTENT_TYPE, sourceRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import { IDLE_MS, whileMoving } from './while-moving.ts';
import type { WorkerRouteDeps } from './worker-routes.ts';

/** The sources that are being sent, by lease. */
export type SourcesUnderWay = Map<string, AbortController>;

/**
 * `POST /leases/:lease/source`: what the workflow's worker checks out. What goes wrong before the first byte is answered
 * as a Problem; later the connection is cut, which breaks the bundle. Who asks again has no use for what is still on
 * its way: a lease has one source at a time.
 */
export async function source(
  deps: WorkerRouteDeps,
  underWay: SourcesUnderWay,
  request: Request,
  response: Response,
): Promise<void> {
  const lease = await demandLease(deps.builds, request);
  const { have } = await readBody(request, sourceRequest);
  const workflowId = await deps.builds.workflowOf(lease);
  const gone = new AbortController();
  underWay.get(lease.id)?.abort(new Error('it was asked for again'));
  underWay.set(lease.id, gone);
  response.once('close', () => gone.abort(new Error('the worker is gone')));
  const late = setTimeout(() => gone.abort(new Error('nothing moved for too long')), IDLE_MS);
  try {
    const bundle = await deps.intake.bundle(workflowId, have, gone.signal);
    response.type(BUNDLE_CONTENT_TYPE);
    const parts = Readable.from(whileMoving(bundle, late), { objectMode: false });
    await pipeline(parts, response, { signal: gone.signal }).catch((error: unknown) => {
      if (!gone.signal.aborted)
        deps.log.warn({ err: error, lease: lease.id, workflowId }, 'the bundle of a source broke off');
      response.destroy();
    });
  } finally {
    clearTimeout(late);
    if (underWay.get(lease.id) === gone) underWay.delete(lease.id);
  }
}
