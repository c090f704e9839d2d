/**
 * Where projects' notifications go. `to_json`: what people see of it, the origin of a webhook's address, or e-mail
 * addresses. `sealed`: a webhook's address and signing secret.
 */
export const notifications: readonly string[] = [
  `create table notification_target (
    id text primary key,
    project_id text not null references project (id),
    kind text not null,
    to_json text not null,
    sealed text,
    events_json text not null,
    branches_json text not null,
    created_at bigint not null
  )`,
  `create index notification_target_project on notification_target (project_id)`,
];
