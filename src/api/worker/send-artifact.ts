import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { Problem } from '../../core/problem.ts';
import { demandLease, pathPart } from './show-token.ts';
import { IDLE_MS, whileMoving } from './while-moving.ts';
import type { WorkerRouteDeps } from './worker-routes.ts';

/**
 * `GET /leases/:lease/artifacts/:artifact`: an archive that the lease's workflow takes. What goes wrong before the first
 * byte is answered as a Problem; later the connection is cut, so that its length and digest tell.
 */
export async function sendArtifact(
  { builds, artifactFiles, log }: Pick<WorkerRouteDeps, 'builds' | 'artifactFiles' | 'log'>,
  request: Request,
  response: Response,
): Promise<void> {
  const lease = await demandLease(builds, request);
  const { id, name } = await builds.takenArtifact(lease, pathPart(request, 'artifact'));
  const file = await artifactFiles.open(id);
  if (file === null) throw new Problem('artifact_gone', { name });
  const gone = new AbortController();
  const late = setTimeout(() => gone.abort(new Error('nothing moved for too long')), IDLE_MS);
  response.once('close', () => gone.abort(new Error('the worker is gone')));
  response.type('application/gzip');
  response.setHeader('content-length', file.bytes);
  try {
    const parts = Readable.from(whileMoving(file.content, late), { objectMode: false });
    await pipeline(parts, response, { signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted)
      log.warn({ err: error, lease: lease.id, artifact: id }, 'an artifact broke off');
    response.destroy();
  } finally {
    clearTimeout(late);
  }
}
