/** What the removal of an environment waits for, as its router's worker or the server has said last; null: nothing is known. */
export const removalWaits: readonly string[] = [`alter table environment add column removal_waits_for text`];
