import { ARTIFACT_LIMITS, type ArtifactOffer } from '../core/artifact.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { ArtifactFiles } from '../ports/artifact-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadDiskRoom } from '../ports/disk-space.ts';
import type { Reading, Store, Tx } from '../store/store.ts';

export interface ArtifactDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly files: ArtifactFiles;
  /** Bytes of one; more is refused. */
  readonly mostBytes: number;
  /** Of the disk that the files are on. */
  readonly readRoom: ReadDiskRoom;
}

/** How far an artifact has come. */
export interface Received {
  readonly id: string;
  /** Bytes that are there. */
  readonly received: number;
  /** All of it is here, and durable. */
  readonly whole: boolean;
}

/** Takes artifacts in, in parts, each under the lease whose step made it. */
export interface Artifacts {
  /**
   * A worker has an artifact to send; the same one again goes on where it was.
   * @throws Problem `artifact_too_large`; `artifact_no_room`; `request_wrong` for another one of that name; `lease_lost`.
   */
  offer(leaseId: string, offer: ArtifactOffer): Promise<Received>;
  /**
   * Takes the next bytes in, those of an earlier time passed over. Where the disk has become low meanwhile, nothing of
   * the artifact stays.
   * @param own The attempts of the lease.
   * @throws Problem `not_found`, `not_allowed`, `artifact_no_room`, `request_wrong` for a gap or bytes that are
   * not what was told.
   */
  take(leaseId: string, own: ReadonlySet<string>, part: ArtifactPart): Promise<Received>;
}

export interface ArtifactPart {
  readonly id: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function createArtifacts(deps: ArtifactDeps): Artifacts {
  const { store, files, clock, mostBytes, readRoom } = deps;
  /** One write at a time for each: a worker may ask again while the first is still being written. */
  const writing = new Map<string, Promise<unknown>>();
  const alone = async <T>(id: string, act: () => Promise<T>): Promise<T> => {
    const before = writing.get(id) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(act);
    writing.set(id, mine);
    try {
      return await mine;
    } finally {
      if (writing.get(id) === mine) writing.delete(id);
    }
  };
  const demandRoom = async (
    { name, bytes }: { name: string; bytes: number },
    more: number,
  ): Promise<void> => {
    const room = await readRoom();
    if (room === null || room.freeBytes - more >= room.lowBytes) return;
    throw new Problem('artifact_no_room', { name, bytes, free: room.freeBytes, low: room.lowBytes });
  };
  return {
    async offer(leaseId, offer) {
      if (offer.bytes > mostBytes)
        throw new Problem('artifact_too_large', { name: offer.name, bytes: offer.bytes, limit: mostBytes });
      const known = (await offeredBy(store, offer.attemptId)).find(({ name }) => name === offer.name);
      if (known !== undefined) demandSame(known, offer);
      // Asked before the transaction: disks may be slow, and all that writes waits for it.
      const there = known === undefined ? 0 : await files.received(known.id);
      if (known?.whole !== 1 && there < offer.bytes) await demandRoom(offer, offer.bytes - there);
      const row = await store.transaction(async (tx) => {
        await demandOpen(tx, leaseId);
        return findOrMake(tx, offer, clock.nowMs());
      });
      demandSame(row, offer);
      return { id: row.id, received: await files.received(row.id), whole: row.whole === 1 };
    },
    take: (leaseId, own, { id, offset, bytes }) =>
      alone(id, async () => {
        const row = await store.db.selectFrom('artifact').selectAll().where('id', '=', id).executeTakeFirst();
        if (row === undefined) throw new Problem('not_found', { what: 'artifact', id });
        if (!own.has(row.attempt_id)) throw new Problem('not_allowed');
        if (row.whole === 1) return { id, received: row.bytes, whole: true };
        const there = await files.received(id);
        if (offset > there) throw wrong('offset', `${there} bytes are there, not ${offset}`);
        if (offset + bytes.length > row.bytes)
          throw wrong('body', `the artifact was to have ${row.bytes} bytes`);
        const received = Math.max(there, offset + bytes.length);
        // All of it may be there, and finished, where only its row was not written: then there is nothing to write to.
        if (received > there) {
          try {
            await demandRoom(row, received - there);
          } catch (error) {
            await files.remove(id);
            throw error;
          }
          await files.write(id, there, bytes.subarray(there - offset));
        }
        if (received < row.bytes) return { id, received, whole: false };
        const { digest } = await files.finish(id);
        if (digest !== row.digest) {
          await files.remove(id);
          throw wrong('body', `its digest is ${digest}, not ${row.digest}`);
        }
        await store.transaction(async (tx) => {
          await demandOpen(tx, leaseId);
          await tx.db.updateTable('artifact').set({ whole: 1 }).where('id', '=', id).execute();
          tx.changed('build', row.build_id);
        });
        return { id, received, whole: true };
      }),
  };
}

function offeredBy({ db }: Reading, attemptId: string) {
  return db.selectFrom('artifact').selectAll().where('attempt_id', '=', attemptId).execute();
}

function demandSame(row: { digest: string; bytes: number }, { name, digest, bytes }: ArtifactOffer): void {
  if (row.digest !== digest || row.bytes !== bytes)
    throw wrong(`artifact ${name}`, 'another one of that name was sent by this attempt');
}

async function findOrMake(tx: Tx, offer: ArtifactOffer, now: number) {
  const { attemptId, name, files, bytes, digest, keepMs } = offer;
  const { db } = tx;
  const all = await offeredBy(tx, attemptId);
  const known = all.find((row) => row.name === name);
  if (known !== undefined) return known;
  if (all.length >= ARTIFACT_LIMITS.perAttempt)
    throw wrong('name', `a step keeps at most ${ARTIFACT_LIMITS.perAttempt} artifacts`);
  const { build_id } = await db
    .selectFrom('step_attempt')
    .innerJoin('step', 'step.id', 'step_attempt.step_id')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .select('workflow.build_id')
    .where('step_attempt.id', '=', attemptId)
    .executeTakeFirstOrThrow();
  return db
    .insertInto('artifact')
    .values({
      id: newId('art', now),
      build_id,
      attempt_id: attemptId,
      name,
      files,
      bytes,
      digest,
      whole: 0,
      created_at: now,
      expires_at: keepMs === null ? null : now + keepMs,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function demandOpen({ db }: Tx, leaseId: string): Promise<void> {
  const row = await db.selectFrom('lease').select('ended_at').where('id', '=', leaseId).executeTakeFirst();
  if (row?.ended_at !== null) throw new Problem('lease_lost', { lease: leaseId, cause: 'it has ended' });
}

function wrong(field: string, cause: string): Problem {
  return new Problem('request_wrong', { field, cause });
}
