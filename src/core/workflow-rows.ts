import type { Plan, StepPlan } from './plan.ts';
import { secretsOfProgram } from './program.ts';
import { mostAttempts } from './retry.ts';
import type { StepKind } from './work.ts';

/** A row of `step`, before it has an id. */
export interface StepRow {
  readonly kind: StepKind;
  readonly name: string;
  readonly dependsOn: readonly string[];
  /** False: it does not run for this event and is shown as skipped. */
  readonly selected: boolean;
  /** How many attempts it may have in one attempt of its workflow. */
  readonly attempts: number;
  /** Name of the step of the file that it is a share of; absent: it is none. */
  readonly splitOf?: string;
}

/** The rows of a workflow in their order: clone, image, services, steps, push. Pure. */
export function workflowRows(plan: Pick<Plan, 'image' | 'services' | 'steps' | 'push'>): readonly StepRow[] {
  return [
    fixed('clone'),
    ...(plan.image === null ? [] : [fixed('image')]),
    ...plan.services.map(({ name }) => ({
      kind: 'service' as const,
      name,
      dependsOn: [],
      selected: true,
      attempts: 1,
    })),
    ...plan.steps.map(stepRow),
    ...(plan.push === null ? [] : [fixed('push')]),
  ];
}

function fixed(kind: 'clone' | 'image' | 'push'): StepRow {
  return { kind, name: kind, dependsOn: [], selected: true, attempts: 1 };
}

function stepRow({ name, dependsOn, selected, retry, split }: StepPlan): StepRow {
  const splitOf = split === undefined ? {} : { splitOf: split.step };
  return { kind: 'step', name, dependsOn, selected, attempts: mostAttempts({ retry }), ...splitOf };
}

/** Names of all secrets that the plan's image, services and steps mention. */
export function workflowSecrets(plan: Plan): readonly string[] {
  const environments = [...plan.services, ...plan.steps].flatMap(({ environment }) => secretsOf(environment));
  const settings = plan.steps.flatMap(({ program }) => secretsOfProgram(program));
  return [...new Set([...(plan.image?.secrets ?? []), ...environments, ...settings])];
}

/** Names of the secrets that an environment's values come from. */
export function secretsOf(environment: StepPlan['environment']): readonly string[] {
  return Object.values(environment).flatMap((value) => (typeof value === 'string' ? [] : [value.fromSecret]));
}
