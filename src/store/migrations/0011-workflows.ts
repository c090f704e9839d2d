/**
 * Several workflows of a build: each has its plan, what it waits for and its combination of a matrix; an image and a
 * deployment belong to the workflow that makes them. A build before this had one workflow.
 */
export const workflows: readonly string[] = [
  `alter table workflow add column position bigint not null default 0`,
  `alter table workflow add column plan_json text not null default 'null'`,
  `alter table workflow add column depends_on_json text not null default '[]'`,
  `alter table workflow add column runs_on_json text not null default '["success"]'`,
  `alter table workflow add column matrix_json text`,
  `update workflow set plan_json = coalesce((select plan_json from build where build.id = workflow.build_id), 'null')`,
  `alter table build add column planned bigint not null default 0`,
  `update build set planned = 1 where plan_json is not null`,
  `alter table build drop column plan_json`,
  `alter table deployment add column workflow_id text`,
  `update deployment set workflow_id = (
    select min(workflow.id) from workflow where workflow.build_id = deployment.build_id
  ) where cause = 'build'`,
  `create table workflow_image (
    workflow_id text primary key references workflow (id),
    build_id text not null references build (id),
    built_json text not null,
    pushed_json text,
    tags_json text,
    version bigint not null default 1
  )`,
  `insert into workflow_image (workflow_id, build_id, built_json, pushed_json, tags_json, version)
    select min(workflow.id), image.build_id, image.built_json, image.pushed_json, image.tags_json, image.version
    from image join workflow on workflow.build_id = image.build_id
    group by image.build_id, image.built_json, image.pushed_json, image.tags_json, image.version`,
  `drop table image`,
  `alter table workflow_image rename to image`,
  `create index image_build on image (build_id)`,
];
