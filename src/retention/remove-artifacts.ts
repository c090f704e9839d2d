import { firstIdAt } from '../core/id.ts';
import type { ArtifactFiles } from '../ports/artifact-files.ts';
import type { Store } from '../store/store.ts';
import { SETTLED_MS } from './choose-removals.ts';

/** In one query. */
const MOST_IDS = 500;
/** One that has not come whole by then never will. */
const COMING_MS = 24 * 3_600_000;

export interface ArtifactRound {
  /** Of all together; null is without bound. */
  readonly mostBytes: number | null;
  readonly nowMs: number;
  readonly pause: () => Promise<boolean>;
  readonly onStuck: (id: string, error: unknown) => void;
}

/**
 * Removes artifacts whose time is over, the oldest of all that are more than the bound, and then the files that no row
 * points to: of those, of removed builds, and of what never came whole. The rows go first: no page offers what is gone.
 * Returns how many files went. One that cannot be removed is told to `onStuck` and holds nothing up: each round tries it
 * again.
 */
export async function removeArtifacts(
  store: Store,
  files: Pick<ArtifactFiles, 'list' | 'remove'>,
  { mostBytes, nowMs, pause, onStuck }: ArtifactRound,
): Promise<number> {
  if (!(await pause())) return 0;
  await store.transaction(async ({ db }) => {
    await db.deleteFrom('artifact').where('expires_at', '<=', nowMs).execute();
    await db
      .deleteFrom('artifact')
      .where('whole', '=', 0)
      .where('created_at', '<', nowMs - COMING_MS)
      .execute();
  });
  const settled = firstIdAt('art', nowMs - SETTLED_MS);
  if (mostBytes !== null) await makeRoom(store, { mostBytes, settled, pause });
  let removed = 0;
  for await (const day of files.list())
    for (let start = 0; start < day.length; start += MOST_IDS) {
      if (!(await pause())) return removed;
      const ids = day.slice(start, start + MOST_IDS);
      const rows = await store.db.selectFrom('artifact').select('id').where('id', 'in', ids).execute();
      const known = new Set(rows.map(({ id }) => id));
      for (const id of ids) {
        if (known.has(id) || id >= settled) continue;
        const why = await files.remove(id).then(
          () => null,
          (error: unknown) => ({ error }),
        );
        if (why === null) removed += 1;
        else onStuck(id, why.error);
      }
    }
  return removed;
}

/** Removes the rows of the oldest artifacts until the rest fits, a few in a transaction; none that has just come. */
async function makeRoom(
  store: Store,
  { mostBytes, settled, pause }: Pick<ArtifactRound, 'pause'> & { mostBytes: number; settled: string },
): Promise<void> {
  const { sum } = await store.db
    .selectFrom('artifact')
    .select(({ fn }) => fn.sum<number | null>('bytes').as('sum'))
    .where('whole', '=', 1)
    .executeTakeFirstOrThrow();
  let excess = Number(sum) - mostBytes;
  while (excess > 0 && (await pause())) {
    const oldest = await store.db
      .selectFrom('artifact')
      .select(['id', 'bytes'])
      .where('whole', '=', 1)
      .where('id', '<', settled)
      .orderBy('id')
      .limit(MOST_IDS)
      .execute();
    if (oldest.length === 0) return;
    const ids: string[] = [];
    for (const { id, bytes } of oldest) {
      if (excess <= 0) break;
      ids.push(id);
      excess -= Number(bytes);
    }
    await store.transaction(({ db }) => db.deleteFrom('artifact').where('id', 'in', ids).execute());
  }
}
