/** The audit log as `src/core/audit.ts` has it. The table that the first schema declared was never written to. */
export const audit: readonly string[] = [
  `drop table audit`,
  `create table audit (
    id text primary key,
    at bigint not null,
    actor_kind text not null,
    actor_id text,
    actor_name text,
    via text,
    action text not null,
    subject_kind text,
    subject_id text,
    subject_name text,
    address text,
    request_id text,
    refused text
  )`,
  `create index audit_action on audit (action, id)`,
  `create index audit_actor on audit (actor_name, id)`,
  `create index audit_subject on audit (subject_id, id)`,
];
