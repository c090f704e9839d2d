/** What the names of images stood for in each workflow of a build. */
export const namedImages: readonly string[] = [
  `create table named_image (
    workflow_id text not null,
    name text not null,
    build_id text not null,
    from_place text not null,
    digest text not null,
    worker_id text,
    primary key (workflow_id, name)
  )`,
  `create index named_image_build on named_image (build_id)`,
];
