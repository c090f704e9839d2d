/** Finds the builds of one branch, tag or pull request in their order: see `src/store/read/build-line.ts`. */
export const buildLine: readonly string[] = [
  `create index build_line on build (project_id, ref_name, number)`,
];
