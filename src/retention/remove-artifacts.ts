import { firstIdAt } from '../core/id.ts';
import type { ArtifactFiles } from '../ports/artifact-files.ts';
import type { Store } from '../store/store.ts';
import { SETTLED_MS } from './choose-removals.ts';

/** In one query. */
const MOST_IDS = 500;
/** One that has not come whole by then never will. */
const COMING_MS = 24 * 3_600_000;

/**
 * Removes artifacts whose time is over, and then the files that no row points to: of those, of removed builds, and of
 * what never came whole. The rows go first: no page offers what is gone. Returns how many files went.
 */
export async function removeArtifacts(
  store: Store,
  files: Pick<ArtifactFiles, 'list' | 'remove'>,
  { nowMs, pause }: { readonly nowMs: number; readonly pause: () => Promise<boolean> },
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
  let removed = 0;
  for await (const day of files.list())
    for (let start = 0; start < day.length; start += MOST_IDS) {
      if (!(await pause())) return removed;
      const ids = day.slice(start, start + MOST_IDS);
      const rows = await store.db.selectFrom('artifact').select('id').where('id', 'in', ids).execute();
      const known = new Set(rows.map(({ id }) => id));
      for (const id of ids) {
        if (known.has(id) || id >= settled) continue;
        await files.remove(id);
        removed += 1;
      }
    }
  return removed;
}
