import type { BuildPlan, WorkflowPlan } from '../core/plan.ts';
import { ciVariables, valueVariables } from './ci-variables.ts';
import type { CiContext } from './ci-variables.ts';
import { matrixNames } from './check/check-matrix.ts';
import type { StepSpec } from './grammar/steps.ts';
import type { IncludedFiles } from './include/included-file.ts';
import { onceEach } from './lint-pipeline.ts';
import { inputVariables } from './inputs.ts';
import type { LintProblem } from './lint-problem.ts';
import { matchWorkflow } from './match-when.ts';
import { evaluateConditions, newEffort } from './plan/evaluate-conditions.ts';
import { newCopies } from './plan/copies.ts';
import { hostsOfFiles } from './plan/fill-hosts.ts';
import { newBudget } from './plan/fill-values.ts';
import { planWorkflow, type WorkflowContext } from './plan/plan-workflow.ts';
import { planMatrix } from './plan/plan-matrix.ts';
import { checkShared } from './plan/check-shared.ts';
import { selectWorkflows, throughWorkflows } from './plan/workflow-order.ts';
import { DEFAULT_PIPELINE, PIPELINE_FILE, type PipelineFile } from './pipeline-files.ts';
import { readWorkflows, type ReadWorkflow } from './read-workflows.ts';
import { createReport } from './report.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';

export interface PlanInput extends CiContext {
  /** The pipeline files at the commit; none: the repository has none. */
  readonly files: readonly PipelineFile[];
  /** Whether the repository has a `Dockerfile` at its root at that commit. */
  readonly hasDockerfile: boolean;
  /** What was read of the files that are included. */
  readonly included?: IncludedFiles | undefined;
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
  const workflows = readWorkflows(files, { ...input, included: input.included ?? new Map() });
  const hasErrors = (): boolean => workflows.some(({ report }) => report.hasErrors());
  const plan = hasErrors() ? null : composeAll(workflows, input);
  const all = onceEach(workflows.flatMap(({ report }) => report.list()));
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
  const effort = newEffort();
  const conditionVariables = ciVariables(input);
  const selected = selectWorkflows(workflows, ({ spec, report }) =>
    matchWorkflow(spec?.when ?? null, {
      event,
      changedFiles,
      defaultBranch: project.defaultBranch,
      matrix: {},
      evaluates: evaluateConditions(
        { ...conditionVariables, ...inputVariables(spec?.inputs ?? [], event) },
        {},
        effort,
        report,
      ),
    }),
  );
  if (isTooLarge(workflows, selected)) return null;
  const dependsOn = throughWorkflows(workflows, selected);
  const variables = valueVariables(input);
  const budget = newBudget();
  const copies = newCopies();
  const hosts = hostsOfFiles(
    workflows.flatMap(({ spec }) => spec ?? []),
    variables,
  );
  const matrixVariablesOf = variablesOfMatrices(workflows);
  const planned: { readonly workflow: WorkflowPlan; readonly from: ReadWorkflow }[] = [];
  for (const from of workflows) {
    const { spec, name, report } = from;
    if (spec === null || !selected.has(name)) continue;
    const combinations =
      spec.matrix === null ? [null] : (planMatrix(spec.matrix, PIPELINE_LIMITS.workflows) ?? []);
    const inputs = inputVariables(spec.inputs, event);
    for (const matrix of combinations) {
      const context: WorkflowContext = {
        ...input,
        variables: { ...variables, ...inputs, ...matrix },
        conditionVariables: { ...conditionVariables, ...inputs },
        inputs,
        matrix,
        budget,
        copies,
        effort,
        hosts,
        matrixVariablesOf,
      };
      const workflow = {
        name,
        dependsOn: dependsOn(name),
        runsOn: spec.runs_on?.map(({ value }) => value) ?? ['success' as const],
        matrix,
        plan: planWorkflow(spec, context, report),
      };
      planned.push({ workflow, from });
    }
  }
  checkShared(planned);
  return { workflows: planned.map(({ workflow }) => workflow) };
}

function variablesOfMatrices(workflows: readonly ReadWorkflow[]): (name: string) => ReadonlySet<string> {
  const names = new Map(
    workflows.map(({ name, spec }) => {
      const found = spec?.matrix == null ? [] : matrixNames(spec.matrix);
      return [name, new Set(found.map(({ value }) => value))] as const;
    }),
  );
  return (name) => names.get(name) ?? new Set();
}

/** Before any of them is planned: whether the build has more workflows or attempts of steps than it may; it is reported. */
function isTooLarge(workflows: readonly ReadWorkflow[], selected: ReadonlySet<string>): boolean {
  let [count, steps] = [0, 0];
  for (const { name, spec, report } of workflows) {
    if (spec === null || !selected.has(name)) continue;
    const combinations =
      spec.matrix === null ? 1 : (planMatrix(spec.matrix, PIPELINE_LIMITS.workflows)?.length ?? Infinity);
    count += combinations;
    steps +=
      combinations * (spec.services.length + spec.steps.reduce((sum, one) => sum + attemptsOf(one), 0));
    const over =
      count > PIPELINE_LIMITS.workflows
        ? { what: 'the build has more workflows', limit: PIPELINE_LIMITS.workflows }
        : {
            what: 'the build has more steps, each share and each further attempt counted,',
            limit: PIPELINE_LIMITS.plannedSteps,
          };
    if (count <= PIPELINE_LIMITS.workflows && steps <= PIPELINE_LIMITS.plannedSteps) continue;
    report.add('too_complex', WHOLE_FILE, over);
    return true;
  }
  return false;
}

const attemptsOf = ({ retry, split }: StepSpec): number =>
  (1 + (retry?.count ?? 0)) * (split?.value.count ?? 1);

const WHOLE_FILE = { span: { offset: 0, length: 1 }, path: '' };

function missing(): readonly LintProblem[] {
  const report = createReport(PIPELINE_FILE, '');
  report.add('pipeline_missing', WHOLE_FILE, { file: PIPELINE_FILE });
  return report.list();
}
