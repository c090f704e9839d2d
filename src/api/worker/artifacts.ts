import { z } from 'zod';
import { ARTIFACT_LIMITS } from '../../core/artifact.ts';
import { Problem } from '../../core/problem.ts';
import { artifactOffer } from '../../protocol/worker.ts';
import { readQueryOf } from '../read-request.ts';
import { readBody, readBytes } from './read-body.ts';
import { demandLease, pathPart } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/artifacts`: what will be sent, and where the sending goes on. */
export const offerArtifact: WorkerHandler = async ({ builds, artifacts }, request) => {
  const lease = await demandLease(builds, request);
  const offer = await readBody(request, artifactOffer);
  const isOwn = lease.subject.kind === 'workflow' && (await builds.logsOf(lease)).has(offer.attemptId);
  if (!isOwn) throw new Problem('not_allowed');
  return artifacts.offer(lease.id, offer);
};

const query = z.object({ offset: z.coerce.number().int().min(0) });

/** `POST /leases/:lease/artifacts/:artifact?offset=`: a part of it. */
export const takeArtifact: WorkerHandler = async ({ builds, artifacts }, request) => {
  const lease = await demandLease(builds, request);
  const own = await builds.logsOf(lease);
  const { offset } = readQueryOf(request, query);
  const bytes = await readBytes(request, ARTIFACT_LIMITS.part);
  return artifacts.take(lease.id, own, { id: pathPart(request, 'artifact'), offset, bytes });
};
