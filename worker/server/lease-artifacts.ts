import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { ARTIFACT_LIMITS, type ArtifactOffer } from '../../src/core/artifact.ts';
import { Problem } from '../../src/core/problem.ts';
import type { ArtifactAnswer } from '../../src/protocol/worker.ts';
import type { SendArtifact } from '../steps/workflow-context.ts';
import type { TakeArtifact } from '../workflow/take-artifacts.ts';
import { fetchArtifact } from './fetch-artifact.ts';
import type { Ask, Open } from './lease-requests.ts';

/** Artifacts that are sent and taken under a lease, each by way of a file in `spoolDir` that goes with it. */
export function leaseArtifacts(
  spoolDir: string,
  ask: Ask,
  openAnswer: Open,
): { readonly sendArtifact: SendArtifact; readonly takeArtifact: TakeArtifact } {
  return {
    sendArtifact: async (about, pack, signal) => {
      const file = path.join(spoolDir, `${about.attemptId}.tar.gz`);
      await mkdir(spoolDir, { recursive: true, mode: 0o700 });
      await rm(file, { force: true });
      try {
        const packed = await pack(file);
        await send(ask, file, { ...about, ...packed }, signal);
        return packed;
      } finally {
        await rm(file, { force: true });
      }
    },
    takeArtifact: async (artifact, act, signal) => {
      const file = path.join(spoolDir, `${artifact.id}.taken.tar.gz`);
      await mkdir(spoolDir, { recursive: true, mode: 0o700 });
      const request = { method: 'GET', path: `/artifacts/${artifact.id}` } as const;
      try {
        await fetchArtifact(() => openAnswer({ ...request, signal }), artifact, file, signal);
        return await act(file);
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** In parts, until the server has the whole. */
async function send(ask: Ask, file: string, body: ArtifactOffer, signal: AbortSignal): Promise<void> {
  let state = await offer(ask, body, signal);
  const archive = await open(file);
  try {
    while (!state.whole) state = await sendPart(ask, archive, state, body.bytes, signal);
  } finally {
    await archive.close();
  }
}

async function offer(ask: Ask, body: ArtifactOffer, signal: AbortSignal): Promise<ArtifactAnswer> {
  try {
    return (await ask({ method: 'POST', path: '/artifacts', body, signal })) as ArtifactAnswer;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'not_found') throw error;
    throw new Error('the server is older than this worker and keeps none', { cause: error });
  }
}

/** With nothing left to send it asks for the end. */
async function sendPart(
  ask: Ask,
  archive: FileHandle,
  { id, received }: ArtifactAnswer,
  bytes: number,
  signal: AbortSignal,
): Promise<ArtifactAnswer> {
  const part = Buffer.alloc(Math.min(ARTIFACT_LIMITS.part, Math.max(0, bytes - received)));
  const { bytesRead } = await archive.read(part, 0, part.length, received);
  if (bytesRead < part.length) throw new Error('the packed artifact is shorter than it was');
  return (await ask({
    method: 'POST',
    path: `/artifacts/${id}?offset=${received}`,
    body: part,
    contentType: 'application/octet-stream',
    signal,
  })) as ArtifactAnswer;
}
