import { CI_VARIABLES } from '../ci-variables.ts';

/** Whose values come about only when a build runs, or change until then. */
const LATER = new Set([
  'CI_PIPELINE_STARTED',
  'CI_WORKFLOW_NAME',
  'CI_PREV_PIPELINE_STATUS',
  'CI_PREV_PIPELINE_STARTED',
  'CI_PREV_PIPELINE_FINISHED',
]);

/** Names of the variables that have their values when a build is planned. */
export const PLANNED_VARIABLES: readonly string[] = Object.keys(CI_VARIABLES).filter(
  (name) => !LATER.has(name),
);

const KNOWN = new Set(PLANNED_VARIABLES);

export const isPlannedVariable = (name: string): boolean => KNOWN.has(name);
