import type { Tx } from '../store/store.ts';

/** Whether a step has an attempt that has not begun. */
export async function hasAttemptsLeft(tx: Tx, stepId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('step_attempt')
    .select('id')
    .where('step_id', '=', stepId)
    .where('status', '=', 'pending')
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes the attempts that a step might have had and did not need: nothing of them was ever told or logged. */
export async function removeUnusedAttempts(tx: Tx, stepId: string): Promise<void> {
  await tx.db
    .deleteFrom('step_attempt')
    .where('step_id', '=', stepId)
    .where('attempt', '>', 1)
    .where('status', '=', 'pending')
    .execute();
}
