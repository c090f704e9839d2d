import type { Concurrency } from '../../core/concurrency.ts';
import type { Labels } from '../../core/labels.ts';
import type { MatrixValues, Plan } from '../../core/plan.ts';
import type { CiContext } from '../ci-variables.ts';
import type { Effort } from '../expression/evaluate-expression.ts';
import type { ConcurrencySpec } from '../grammar/concurrency.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Occasion } from '../match-when.ts';
import type { Report } from '../report.ts';
import type { Budget } from '../substitute/expand-template.ts';
import { evaluateConditions } from './evaluate-conditions.ts';
import { takeCopies, type Copies } from './copies.ts';
import type { HostsTaken } from './fill-hosts.ts';
import { fillValues, type FillValue } from './fill-values.ts';
import { planDeploys } from './plan-deploys.ts';
import { planImage } from './plan-image.ts';
import { planPush } from './plan-push.ts';
import { planServices } from './plan-services.ts';
import { planSteps } from './plan-steps.ts';
import { planTakes } from './plan-takes.ts';

export interface WorkflowContext extends CiContext {
  readonly hasDockerfile: boolean;
  readonly changesUnknown?: string | null;
  /** What values of the file may use. */
  readonly variables: Readonly<Record<string, string>>;
  readonly matrix: MatrixValues | null;
  /** Variables of the file's inputs, which steps and services have in their environment. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly budget: Budget;
  readonly copies: Copies;
  /** What expressions of conditions may use, beside the matrix. */
  readonly conditionVariables: Readonly<Record<string, string>>;
  readonly effort: Effort;
  readonly hosts: HostsTaken;
  /** Names of the variables of a workflow's matrix. */
  readonly matrixVariablesOf: (workflow: string) => ReadonlySet<string>;
}

/** What one workflow does for an event; its file has no errors. */
export function planWorkflow(spec: PipelineSpec, context: WorkflowContext, report: Report): Plan {
  const { event, changedFiles, project, variables, budget } = context;
  const matrix = context.matrix ?? {};
  const own = { ...context.inputs, ...matrix };
  const occasion: Occasion = {
    event,
    changedFiles,
    defaultBranch: project.defaultBranch,
    matrix,
    evaluates: evaluateConditions(context.conditionVariables, matrix, context.effort, report),
  };
  const fill = fillValues({ variables, event, budget, report });
  takeCopies(spec, own, context.copies, report);
  const deploys = planDeploys(spec.deploy, occasion, fill, context.hosts, report);
  if (typeof context.changesUnknown === 'string' && hasPathCondition(spec))
    report.add('changes_unknown', WHOLE_FILE, { cause: context.changesUnknown });
  return {
    image: planImage(spec.image?.value ?? null, context.hasDockerfile && !skipsClone(spec), fill),
    services: planServices(spec.services, own, fill, report),
    steps: planSteps(spec.steps, { occasion, variables: own }, fill, report),
    push: planPush(spec.push, deploys.length > 0, context, occasion, fill, report),
    deploys,
    ...(spec.concurrency === null ? {} : { concurrency: planConcurrency(spec.concurrency, fill) }),
    ...(spec.labels.length === 0 ? {} : { labels: planLabels(spec.labels) }),
    ...(skipsClone(spec) ? { skipClone: true } : {}),
    ...(spec.artifacts.length === 0
      ? {}
      : { takes: planTakes(spec.artifacts, matrix, context.matrixVariablesOf) }),
  };
}

function planConcurrency({ limit, group }: ConcurrencySpec, fill: FillValue): Concurrency {
  return { limit, group: group === null ? null : fill(group).text };
}

/** Whether the commit is not checked out. */
export const skipsClone = ({ skip_clone, clone }: Pick<PipelineSpec, 'skip_clone' | 'clone'>): boolean =>
  skip_clone?.value === true || clone.length > 0;

const WHOLE_FILE = { span: { offset: 0, length: 1 }, path: '' };

/** In one order, however the file has them. */
function planLabels(labels: PipelineSpec['labels']): Labels {
  const entries = labels.map(({ name, value }) => [name.value, value] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hasPathCondition({ steps, push, deploy, when }: PipelineSpec): boolean {
  const conditions = [...steps, ...deploy, ...(push === null ? [] : [push]), { when }].flatMap(
    (one) => one.when ?? [],
  );
  return conditions.some(({ path }) => path !== null);
}
