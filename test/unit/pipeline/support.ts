import { readFileSync } from 'node:fs';
import type { Plan, WorkflowPlan } from '../../../src/core/plan.ts';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import type { PlanInput, PlanOutcome } from '../../../src/pipeline/plan-pipeline.ts';

const BASE = {
  commit: '0123456789abcdef0123456789abcdef01234567',
  message: 'Sell more\n\nAnd faster.',
  author: { name: 'Ada', email: 'ada@example.com' },
  committedAtMs: 1_690_000_000_000,
  actor: { id: '7', login: 'ada', avatarUrl: 'https://git.example.com/avatars/7' },
  url: 'https://git.example.com/shop/web/commit/0123456',
  repository: {
    host: 'github',
    id: '41',
    isPrivate: false,
    url: 'https://git.example.com/shop/web',
    sshUrl: 'git@git.example.com:shop/web.git',
  },
} as const;

export const EVENTS = {
  push: { ...BASE, kind: 'push', branch: 'main', before: null, changedFiles: [] },
  feature: { ...BASE, kind: 'push', branch: 'feature/Cart_2', before: null, changedFiles: [] },
  tag: { ...BASE, kind: 'tag', tag: 'v1.2.3' },
  manual: { ...BASE, kind: 'manual', branch: 'main', inputs: {} },
  cron: { ...BASE, kind: 'cron', branch: 'main', cron: 'nightly', tickMs: 1_700_000_000_000 },
  pull: {
    ...BASE,
    kind: 'pull_request',
    number: 12,
    title: 'Sell more',
    sourceBranch: 'feature/cart',
    targetBranch: 'main',
    targetCommit: '89abcdef0123456789abcdef0123456789abcdef',
    before: null,
    changedFiles: null,
    labels: ['shop', 'urgent'],
    milestone: 'summer',
    isDraft: false,
    fromFork: false,
  },
} as const satisfies Record<string, RepositoryEvent>;

export const fork: RepositoryEvent = { ...EVENTS.pull, fromFork: true };

export const sample = readFileSync(new URL('../../fixtures/pipeline/sample.yml', import.meta.url), 'utf8');

/** The input for one event; `more` replaces what the test is about. */
export function inputOf(
  text: string | Uint8Array | null,
  event: RepositoryEvent,
  more: Partial<PlanInput> = {},
): PlanInput {
  return {
    files: text === null ? [] : [{ path: 'slipway.yml', text }],
    event,
    hasDockerfile: true,
    changedFiles: null,
    project: {
      path: 'Shop/Web',
      cloneUrl: 'https://git.example.com/shop/web.git',
      webUrl: 'https://git.example.com/shop/web',
      defaultBranch: 'main',
    },
    build: {
      number: 4,
      url: 'https://ci.example.com/builds/4',
      createdAtMs: 1_700_000_000_999,
      startedAtMs: null,
      rerunOf: null,
      reruns: 0,
    },
    previous: null,
    workflow: null,
    system: { url: 'https://ci.example.com', version: '0.1.0' },
    ...more,
  };
}

/** The plan of the one workflow; fails with the problems when there is none. */
export function planOf(
  text: string | null,
  event: RepositoryEvent = EVENTS.push,
  more?: Partial<PlanInput>,
): Plan {
  const [only, second] = workflowsOf(inputOf(text, event, more));
  if (only === undefined || second !== undefined) throw new Error('there is not one workflow');
  return only.plan;
}

/** The plan's workflows; fails with the problems when there is none. */
export function workflowsOf(input: PlanInput): readonly WorkflowPlan[] {
  const outcome: PlanOutcome = planPipeline(input);
  if (outcome.plan === null) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.plan.workflows;
}

/** `line:column code`, for each problem. */
export function lint(text: string | Uint8Array, facts?: { hasDockerfile: boolean }): readonly string[] {
  return lintPipeline(text, 'slipway.yml', facts).map(
    ({ line, column, code }) => `${line}:${column} ${code}`,
  );
}
