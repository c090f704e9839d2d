/** What Slipway puts into registries, so that it can take it away again: see `schema.ts`. */
export const manifests: readonly string[] = [
  `create table staging (
    lease_id text primary key,
    build_id text not null references build (id),
    repository text not null
  )`,
  `create index staging_repository on staging (repository)`,
  `create table manifest (
    repository text not null,
    digest text not null,
    build_id text not null references build (id),
    fresh bigint not null,
    named_at bigint not null,
    primary key (repository, digest, build_id)
  )`,
  `create index manifest_build on manifest (build_id)`,
];
