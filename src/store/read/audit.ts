import { sql, type Kysely } from 'kysely';
import type { AuditAction, AuditEntryView, AuditSubject } from '../../core/audit.ts';
import { firstIdAt } from '../../core/id.ts';
import type { Page } from '../../core/views/page.ts';
import type { AuditTable, Database } from '../schema.ts';

/** Which entries; null and absent are every one. */
export interface AuditFilter {
  readonly action?: AuditAction | null | undefined;
  /** Id or name. */
  readonly actor?: string | null | undefined;
  /** Id, or the beginning of the name: `shop/web` also finds its secrets and builds. */
  readonly subject?: string | null | undefined;
  /** Epoch ms; `until` itself is not in. */
  readonly since?: number | null | undefined;
  readonly until?: number | null | undefined;
}

/** Entries of the audit log, newest first. @param before Id of the last one of the page before. */
export async function readAudit(
  db: Kysely<Database>,
  { action, actor, subject, since, until }: AuditFilter,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<Page<AuditEntryView>> {
  let query = db
    .selectFrom('audit')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (action != null) query = query.where('action', '=', action);
  if (actor != null)
    query = query.where((eb) => eb.or([eb('actor_id', '=', actor), eb('actor_name', '=', actor)]));
  if (subject != null)
    query = query.where((eb) => eb.or([eb('subject_id', '=', subject), beginsWith('subject_name', subject)]));
  if (since != null) query = query.where('id', '>=', firstIdAt('aud', since));
  if (until != null) query = query.where('id', '<', firstIdAt('aud', until));
  if (before !== null) query = query.where('id', '<', before);
  const rows = await query.execute();
  const shown = rows.slice(0, limit);
  return { items: shown.map(toView), next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

/** In both databases with upper and lower case told apart, and without wildcards. */
function beginsWith(column: 'subject_name', text: string) {
  return sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit([...text].length)}) = ${text}`;
}

function toView(row: AuditTable): AuditEntryView {
  return {
    id: row.id,
    atMs: row.at,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name, via: row.via },
    action: row.action,
    subject: subjectOf(row),
    address: row.address,
    requestId: row.request_id,
    refused: row.refused,
  };
}

function subjectOf({
  subject_kind: kind,
  subject_id: id,
  subject_name: name,
}: AuditTable): AuditSubject | null {
  return kind === null ? null : { kind, id, name };
}
