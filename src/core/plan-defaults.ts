/** What a plan says where the pipeline file is silent. Times in ms. */
export const PLAN_DEFAULTS = {
  imageTimeoutMs: 60 * 60_000,
  stepTimeoutMs: 60 * 60_000,
  serviceReadyMs: 60_000,
  healthPath: '/',
  healthPasses: 2,
  healthTimeoutMs: 60_000,
  smokeTimeoutMs: 5 * 60_000,
  drainRequestsMs: 30_000,
  drainConnectionsMs: 5 * 60_000,
  standbyMs: 60 * 60_000,
} as const;

/** What a pipeline file may at most be, so that any input is answered within a second. */
export const PIPELINE_LIMITS = {
  bytes: 1024 * 1024,
  /** Lexical tokens of YAML in all files of a build; a file of 1,000 steps has about 60,000. */
  tokens: 100_000,
  /** Levels of nesting; the grammar needs six. */
  depth: 24,
  /** Nodes reached through aliases in all files of a build. */
  aliasedNodes: 10_000,
  /** Steps, and services. */
  steps: 2_000,
  /** Volumes of a workflow, by their names. */
  volumes: 64,
  /** Shares of steps that shares of others wait for, each pair of them counted. */
  waits: 200_000,
  /** Characters of the steps of a file that are split, those of each share counted. */
  sharedCharacters: 1024 * 1024,
  /** Files that the workflows of a build include, each counted as often as it is, and how deep those may include others. */
  includes: 100,
  includeDepth: 4,
  /** Commits of other projects that all files of a build include. */
  includedCommits: 10,
  /** Files of a folder of workflows. */
  files: 64,
  /** Schedules of all files of a folder. */
  crons: 64,
  /** Workflows of a build, combinations of a matrix counted one by one. */
  workflows: 256,
  /** Steps and services of all workflows of a build. */
  plannedSteps: 20_000,
  /** Characters of inputs and of values of a matrix in the environments of all steps and services, each share counted. */
  copiedCharacters: 8 * 1024 * 1024,
  /** What the variables of all values stand for, and what is compared to find that out. */
  substitutedCharacters: 1024 * 1024,
  substitutionWork: 10_000_000,
  /** Characters of the patterns in the expressions and inputs of all files of a build, each repetition written out. */
  patternCharacters: 50_000,
  /** Characters and steps of patterns that the expressions of a build may take. */
  expressionWork: 3_000_000,
  /** Problems of a file listed; the rest is counted. */
  problems: 100,
  /** Errors, and warnings, from which those are chosen. */
  keptProblems: 2_000,
} as const;
