import type { ArtifactPlan, ReportsPlan, RetryPlan, StepPlan } from '../../core/plan.ts';
import { PLAN_DEFAULTS } from '../../core/plan-defaults.ts';
import { shellQuote } from '../../core/shell-quote.ts';
import type { RetrySpec } from '../grammar/retry.ts';
import type { StepSpec } from '../grammar/steps.ts';
import type { Occasion } from '../match-when.ts';
import { fillStepNames } from './fill-names.ts';
import { asWritten, type FillValue } from './fill-values.ts';
import type { Report } from '../report.ts';
import { belowFolder, planCaches } from './plan-caches.ts';
import { planEnvironment } from './plan-environment.ts';
import { planReference } from './plan-reference.ts';
import { planVolumes } from './plan-volumes.ts';
import { planProgram, TOO_OLD_FOR_PROGRAMS } from './plan-program.ts';
import { planShares } from './plan-shares.ts';
import { orderSteps } from './step-order.ts';

/**
 * Steps with their dependencies resolved: each waits only for steps that this event selects.
 * @param own What they are held against, and the variables of the file that they have in their environment.
 */
export function planSteps(
  steps: readonly StepSpec[],
  {
    occasion,
    variables,
  }: { readonly occasion: Occasion; readonly variables: Readonly<Record<string, string>> },
  fill: FillValue,
  report: Report,
): readonly StepPlan[] {
  const order = orderSteps(steps, occasion);
  const nameOf = fillStepNames(steps, (name) => order.runsOn(name) !== null, fill, report);
  const planned = steps.map((step) => {
    const written = step.name.value;
    const runsOn = order.runsOn(written);
    const times = step.split?.value.count ?? 1;
    // Of a step that is skipped nothing that its event lacks is a problem.
    const own: FillValue = runsOn === null ? asWritten : (value) => fill(value, times);
    const program = planProgram(step, own);
    return {
      name: nameOf(written),
      image: step.image === null ? null : planReference(step.image, own, report),
      ...(step.pull ? { pull: true } : {}),
      commands: program === null ? commandsOf(step) : TOO_OLD_FOR_PROGRAMS,
      environment: {
        ...variables,
        ...planEnvironment(step.environment, own),
      },
      dependsOn: order.dependsOn(written).map(nameOf),
      timeoutMs: step.timeout ?? PLAN_DEFAULTS.stepTimeoutMs,
      failure: step.failure,
      runsOn: runsOn ?? ['success'],
      selected: runsOn !== null,
      ...planVolumes(step.volumes),
      ...(step.retry === null ? {} : { retry: planRetry(step.retry) }),
      ...(step.artifacts === null ? {} : { artifacts: planArtifact(step, step.artifacts) }),
      ...(step.cache === null ? {} : { caches: planCaches(step.cache, folderOf(step), own) }),
      ...(step.reports === null ? {} : { reports: planReports(step, step.reports.junit) }),
      ...(program === null ? {} : { program }),
    };
  });
  return planShares(
    planned,
    steps.map((step) => (step.split === null ? null : { ...step.split.value, directory: folderOf(step) })),
  );
}

function planRetry({ count, delay, exit_codes }: RetrySpec): RetryPlan {
  return { count, delayMs: delay ?? 0, exitCodes: exit_codes === null ? null : [...new Set(exit_codes)] };
}

/** The first of them brings the others into the step's folder: the log shows it, and workers need not know of it. */
function commandsOf({ directory, commands }: StepSpec): readonly string[] {
  return directory === null || directory === '.'
    ? commands
    : [`cd ${shellQuote(`./${directory}`)}`, ...commands];
}

function planArtifact(
  step: StepSpec,
  { paths, name, expire }: NonNullable<StepSpec['artifacts']>,
): ArtifactPlan {
  return { name: name ?? 'files', paths: inFolder(step, paths), keepMs: expire };
}

function planReports(step: StepSpec, patterns: readonly string[]): ReportsPlan {
  const folder = folderOf(step);
  return { junit: inFolder(step, patterns), ...(folder === null ? {} : { folder }) };
}

/** Patterns as from where the step starts without its folder: names are told from there, too. */
function inFolder(step: StepSpec, patterns: readonly string[]): readonly string[] {
  const folder = folderOf(step);
  return folder === null ? patterns : patterns.map((pattern) => belowFolder(folder, pattern));
}

function folderOf({ directory }: StepSpec): string | null {
  return directory === '.' ? null : directory;
}
