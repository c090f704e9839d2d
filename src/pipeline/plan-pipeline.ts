import type { BuildPlan, Plan, WorkflowPlan } from '../core/plan.ts';
import { valueVariables } from './ci-variables.ts';
import type { CiContext } from './ci-variables.ts';
import type { LintProblem } from './lint-problem.ts';
import { matchWorkflow } from './match-when.ts';
import { newBudget } from './plan/fill-values.ts';
import { planWorkflow, type WorkflowContext } from './plan/plan-workflow.ts';
import { planMatrix } from './plan/plan-matrix.ts';
import { checkShared } from './plan/check-shared.ts';
import { throughWorkflows } from './plan/workflow-order.ts';
import { DEFAULT_PIPELINE, PIPELINE_FILE, type PipelineFile } from './pipeline-files.ts';
import { readWorkflows, type ReadWorkflow } from './read-workflows.ts';
import { createReport } from './report.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';

export interface PlanInput extends CiContext {
  /** The pipeline files at the commit; none: the repository has none. */
  readonly files: readonly PipelineFile[];
  /** Whether the repository has a `Dockerfile` at its root at that commit. */
  readonly hasDockerfile: boolean;
  /** Why `changedFiles` is null for an event that changed some: a warning where a file has a condition on `path`. */
  readonly changesUnknown?: string | null;
}

/** `plan` is null exactly when there are problems. */
export type PlanOutcome =
  | { readonly plan: BuildPlan; readonly problems: readonly []; readonly warnings: readonly LintProblem[] }
  | {
      readonly plan: null;
      readonly problems: readonly LintProblem[];
      readonly warnings: readonly LintProblem[];
    };

/**
 * What pipeline files mean for one event: pure, never throws, the same input gives the same plan byte for byte.
 * Without a file, a repository with a Dockerfile gets the default pipeline (build and push); with neither there is one
 * problem, `pipeline_missing`. Workflows that `when` leaves out are not in the plan.
 */
export function planPipeline(input: PlanInput): PlanOutcome {
  const files = filesOf(input);
  if (files.length === 0) return { plan: null, problems: missing(), warnings: [] };
  const workflows = readWorkflows(files, input);
  const hasErrors = (): boolean => workflows.some(({ report }) => report.hasErrors());
  const plan = hasErrors() ? null : composeAll(workflows, input);
  const all = workflows.flatMap(({ report }) => report.list());
  const warnings = all.filter(({ severity }) => severity === 'warning');
  const problems = all.filter(({ severity }) => severity === 'error');
  return plan === null || problems.length > 0
    ? { plan: null, problems, warnings }
    : { plan, problems: [], warnings };
}

function filesOf({ files, hasDockerfile }: PlanInput): readonly PipelineFile[] {
  if (files.length > 0 || !hasDockerfile) return files;
  return [{ path: PIPELINE_FILE, text: DEFAULT_PIPELINE }];
}

/** All workflows without errors; null where together they make one. */
function composeAll(workflows: readonly ReadWorkflow[], input: PlanInput): BuildPlan | null {
  const { event, changedFiles, project } = input;
  const occasion = { event, changedFiles, defaultBranch: project.defaultBranch, matrix: {} };
  const selected = new Set(
    workflows
      .filter(({ spec }) => spec !== null && matchWorkflow(spec.when, occasion))
      .map(({ name }) => name),
  );
  const dependsOn = throughWorkflows(workflows, selected);
  const variables = valueVariables(input);
  const budget = newBudget();
  const planned: { readonly workflow: WorkflowPlan; readonly from: ReadWorkflow }[] = [];
  for (const from of workflows) {
    const { spec, name, report } = from;
    if (spec === null || !selected.has(name)) continue;
    const combinations =
      spec.matrix === null ? [null] : (planMatrix(spec.matrix, PIPELINE_LIMITS.workflows) ?? []);
    if (planned.length + combinations.length > PIPELINE_LIMITS.workflows) {
      report.add('too_complex', WHOLE_FILE, {
        what: 'the build has more workflows',
        limit: PIPELINE_LIMITS.workflows,
      });
      return null;
    }
    for (const matrix of combinations) {
      const context: WorkflowContext = { ...input, variables: { ...variables, ...matrix }, matrix, budget };
      const workflow = {
        name,
        dependsOn: dependsOn(name),
        runsOn: spec.runs_on ?? ['success' as const],
        matrix,
        plan: planWorkflow(spec, context, report),
      };
      planned.push({ workflow, from });
    }
  }
  if (planned.reduce((sum, one) => sum + stepsOf(one.workflow.plan), 0) > PIPELINE_LIMITS.plannedSteps)
    planned[0]?.from.report.add('too_complex', WHOLE_FILE, {
      what: 'the build has more steps',
      limit: PIPELINE_LIMITS.plannedSteps,
    });
  checkShared(planned);
  return { workflows: planned.map(({ workflow }) => workflow) };
}

const stepsOf = ({ steps, services }: Plan): number => steps.length + services.length;

const WHOLE_FILE = { span: { offset: 0, length: 1 }, path: '' };

function missing(): readonly LintProblem[] {
  const report = createReport(PIPELINE_FILE, '');
  report.add('pipeline_missing', WHOLE_FILE, { file: PIPELINE_FILE });
  return report.list();
}
