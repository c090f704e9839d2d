import type { AuditEntry } from '../core/audit.ts';
import { newId } from '../core/id.ts';
import type { Tx } from './store.ts';

/** Writes an entry of the audit log. An entry whose id is there already is left as it is. */
export async function insertAudit(
  tx: Tx,
  { actor, action, subject, address, requestId, refused }: AuditEntry,
  { at, id = newId('aud', at) }: { readonly at: number; readonly id?: string },
): Promise<void> {
  await tx.db
    .insertInto('audit')
    .values({
      id,
      at,
      actor_kind: actor.kind,
      actor_id: actor.id,
      actor_name: actor.name,
      via: actor.via,
      action,
      subject_kind: subject?.kind ?? null,
      subject_id: subject?.id ?? null,
      subject_name: subject?.name ?? null,
      address,
      request_id: requestId,
      refused,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}
