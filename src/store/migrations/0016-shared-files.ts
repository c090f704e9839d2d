/** Which projects may include files of a project: a JSON list of patterns of paths. Null: none. */
export const sharedFiles: readonly string[] = [`alter table project add column shared_with_json text`];
