/** A step or service that is about to run, as its own variables tell of it. */
export interface StepRun {
  readonly name: string;
  readonly type: 'commands' | 'plugin' | 'service';
  /** Its place among the rows of the build, from 0. */
  readonly number: number;
  readonly attemptId: string;
  readonly startedAtMs: number;
  /** Whether a step before it failed, or a workflow that its own waited for, so that the build can no longer be green. */
  readonly hasFailure: boolean;
  /** Path of the checkout in its container. */
  readonly workspace: string;
  /** The build's page, or null. */
  readonly buildUrl: string | null;
  /** Where its span is, or null. */
  readonly traceparent: string | null;
  /** Which share of a step it is, or null. */
  readonly split: { readonly share: number; readonly of: number } | null;
  /** Where the share finds the names of its test files, or null. */
  readonly splitFile: string | null;
}

/** Variables that differ from step to step: what they hold, and how their values come about. */
export const STEP_VARIABLES = {
  CI_WORKSPACE: { about: 'Path of the checkout.', of: ({ workspace }) => workspace },
  CI_PIPELINE_STATUS: {
    about:
      '`failure` when a step before it failed, or a workflow that its own waited for did not succeed; else `success`. In Woodpecker its own workflow alone counts.',
    of: ({ hasFailure }) => (hasFailure ? 'failure' : 'success'),
  },
  CI_STEP_NAME: { about: 'Name of the step, or service.', of: ({ name }) => name },
  CI_STEP_TYPE: {
    about:
      '`commands` for a step, `plugin` for one with `settings` or `entrypoint`, `service` for a service.',
    of: ({ type }) => type,
  },
  CI_STEP_NUMBER: { about: 'Its place in the build, from 0.', of: ({ number }) => String(number) },
  CI_STEP_STARTED: {
    about: 'When it began to run, in seconds since 1970.',
    of: ({ startedAtMs }) => String(Math.floor(startedAtMs / 1_000)),
  },
  CI_STEP_URL: {
    about: "Page of the build, with the step's log.",
    of: ({ buildUrl, attemptId }) =>
      buildUrl === null || buildUrl === '' ? null : `${buildUrl}?log=${encodeURIComponent(attemptId)}`,
  },
  CI_NODE_INDEX: {
    about: 'Of a share of a step: which one it is, from 1. As in GitLab; not in Woodpecker.',
    of: ({ split }) => (split === null ? null : String(split.share)),
  },
  CI_NODE_TOTAL: {
    about: 'Of a share of a step: how many there are. As in GitLab; not in Woodpecker.',
    of: ({ split }) => (split === null ? null : String(split.of)),
  },
  SLIPWAY_SPLIT_FILES: {
    about: 'Of a share of a step: path of the file that names its test files, one a line.',
    of: ({ splitFile }) => splitFile,
  },
  TRACEPARENT: {
    about: 'Its span, for tools that add their own below it; only where the server sends traces.',
    of: ({ traceparent }) => traceparent,
  },
} as const satisfies Readonly<
  Record<string, { readonly about: string; readonly of: (run: StepRun) => string | null }>
>;

/** The values of {@link STEP_VARIABLES}. Pure. */
export function stepVariables(run: StepRun): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(STEP_VARIABLES).flatMap(([name, { of }]) => {
      const value = of(run);
      return value === null ? [] : [[name, value] as const];
    }),
  );
}
