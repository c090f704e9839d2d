/** What Slipway tells a Git host, and what it asks it: see `schema.ts`. */
export const gitHost: readonly string[] = [
  `alter table project add column host_token text`,
  `alter table project add column installation_id text`,
  `create index outbox_target on outbox (target, id)`,
  `create table delivery_look (
    source text primary key,
    since bigint not null,
    until bigint,
    "cursor" text,
    version bigint not null default 1
  )`,
];
