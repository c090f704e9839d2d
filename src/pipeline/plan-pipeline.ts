import type { Labels } from '../core/labels.ts';
import type { Plan } from '../core/plan.ts';
import { checkPipeline } from './check/check-pipeline.ts';
import type { CiContext } from './ci-variables.ts';
import type { PipelineSpec } from './grammar/pipeline.ts';
import type { FileInput } from './decode.ts';
import type { LintProblem } from './lint-problem.ts';
import { fillValues } from './plan/fill-values.ts';
import { planDeploys } from './plan/plan-deploys.ts';
import { planImage } from './plan/plan-image.ts';
import { planPush } from './plan/plan-push.ts';
import { planServices } from './plan/plan-services.ts';
import { planSteps } from './plan/plan-steps.ts';
import { readPipeline } from './read-pipeline.ts';
import { createReport } from './report.ts';
import type { Report } from './report.ts';

/** Name of the pipeline file, at the repository's root. */
export const PIPELINE_FILE = 'slipway.yml';

/** What a repository with a Dockerfile and no file gets: the image is built and published. */
export const DEFAULT_PIPELINE = 'image: {}\npush: {}\n';

export interface PlanInput extends CiContext {
  /** The file at the commit; null when the repository has none. */
  readonly text: FileInput | null;
  /** Name for messages; {@link PIPELINE_FILE} unless the file lies elsewhere. */
  readonly file: string;
  /** Whether the repository has a `Dockerfile` at its root at that commit. */
  readonly hasDockerfile: boolean;
  /** Why `changedFiles` is null for an event that changed some: a warning where the file has a condition on `path`. */
  readonly changesUnknown?: string | null;
}

/** `plan` is null exactly when there are problems. */
export type PlanOutcome =
  | { readonly plan: Plan; readonly problems: readonly []; readonly warnings: readonly LintProblem[] }
  | {
      readonly plan: null;
      readonly problems: readonly LintProblem[];
      readonly warnings: readonly LintProblem[];
    };

/**
 * What a pipeline file means for one event: pure, never throws, the same input gives the same plan byte
 * for byte. Without a file, a repository with a Dockerfile gets the default pipeline (build and push);
 * with neither there is one problem, `pipeline_missing`.
 */
export function planPipeline(input: PlanInput): PlanOutcome {
  const text = input.text ?? (input.hasDockerfile ? DEFAULT_PIPELINE : null);
  if (text === null) return { plan: null, problems: missing(input.file), warnings: [] };
  const { spec, report } = readPipeline(text, input.file);
  if (spec !== null) checkPipeline(spec, input, report);
  const plan = spec === null || report.hasErrors() ? null : compose(spec, input, report);
  const all = report.list();
  const warnings = all.filter(({ severity }) => severity === 'warning');
  const problems = all.filter(({ severity }) => severity === 'error');
  return plan === null || problems.length > 0
    ? { plan: null, problems, warnings }
    : { plan, problems: [], warnings };
}

const WHOLE_FILE = { span: { offset: 0, length: 1 }, path: '' };

function compose(spec: PipelineSpec, input: PlanInput, report: Report): Plan {
  const { event, changedFiles, project } = input;
  const occasion = { event, changedFiles, defaultBranch: project.defaultBranch };
  const fill = fillValues(input, report);
  const deploys = planDeploys(spec.deploy, occasion, fill);
  if (typeof input.changesUnknown === 'string' && hasPathCondition(spec))
    report.add('changes_unknown', WHOLE_FILE, { cause: input.changesUnknown });
  return {
    image: planImage(spec.image, input.hasDockerfile, fill),
    services: planServices(spec.services, fill),
    steps: planSteps(spec.steps, occasion, fill),
    push: planPush(spec.push, deploys.length > 0, input, fill, report),
    deploys,
    ...(spec.labels.length === 0 ? {} : { labels: planLabels(spec.labels) }),
  };
}

/** In one order, however the file has them. */
function planLabels(labels: PipelineSpec['labels']): Labels {
  const entries = labels.map(({ name, value }) => [name.value, value] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hasPathCondition({ steps, push, deploy }: PipelineSpec): boolean {
  const conditions = [...steps, ...deploy, ...(push === null ? [] : [push])].flatMap(
    ({ when }) => when ?? [],
  );
  return conditions.some(({ path }) => path !== null);
}

function missing(file: string): readonly LintProblem[] {
  const report = createReport(file, '');
  report.add('pipeline_missing', WHOLE_FILE, { file });
  return report.list();
}
