import type { StepPlan } from '../../src/core/plan.ts';
import type { StepWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, type Outcome } from '../outcome.ts';
import { keepArtifact } from './keep-artifacts.ts';
import { keepReports, markReports } from './keep-reports.ts';
import { runCommands } from './run-commands.ts';
import { giveFiles, SPLIT_FILE, whyNoFiles, type ShareWork } from './split-files.ts';
import { restoreCaches, saveCaches } from './step-caches.ts';
import { stepEnvironment, variablesOf } from './step-environment.ts';
import type { WaitingStep } from './waiting-step.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** Test files of a step that is a share. */
export type ShareFiles = Extract<ShareWork, { kind: 'files' }>;

/** An attempt of a step, as it runs. */
export interface AttemptRun {
  readonly step: StepPlan;
  readonly attempt: StepWork;
  /** Its test files; null: it is no share, or finds them itself. */
  readonly share: ShareFiles | null;
  /** Another one of the step was before it. */
  readonly isFurther: boolean;
  /** A step before it has failed. */
  readonly hasFailure: () => boolean;
  readonly sink: LogSink;
  readonly signal: AbortSignal;
  /** Ends the keeping of what its commands have left; asked once they have ended. */
  readonly keepingSignal: () => AbortSignal;
  /** Whether another attempt follows one that ends so. */
  readonly mayFollow: (end: Outcome) => boolean;
}

/** Runs the commands of an attempt in its container, with what comes before them and is kept after them. */
export async function runAttempt(
  context: WorkflowContext,
  waiting: WaitingStep | null,
  run: AttemptRun,
): Promise<Outcome> {
  const { step, attempt, share, isFurther, sink, signal, mayFollow } = run;
  for (const line of waiting?.pulled ?? []) await sink.say(line);
  if (signal.aborted || waiting === null) return abortOutcome(signal);
  if ('outcome' in waiting) return waiting.outcome;
  const { engine, settings, limits } = context;
  const variables = environmentOf(context, run);
  if ('missingSecret' in variables) return badOutcome('secret_missing', { names: variables.missingSecret });
  const { container, shell, workingDirectory } = waiting;
  const keeping = (until: AbortSignal): AbortSignal =>
    AbortSignal.any([until, AbortSignal.timeout(settings.keepingMs)]);
  const cached = { ...waiting, plan: step, sink, signal, inTime: keeping(signal) };
  const obstacle =
    share === null ? whyNoFiles(step) : await giveFiles(context, { ...waiting, signal }, share, sink);
  if (obstacle !== null) return obstacle;
  const restored = await restoreCaches(context, cached, isFurther);
  if (restored.failure !== null) return restored.failure;
  const before = isFurther
    ? await markReports(context, { ...waiting, plan: step, inTime: keeping(signal) })
    : undefined;
  const ended = await runCommands({
    engine,
    ...waiting,
    plan: step,
    environment: variables.environment,
    memoryBytes: limits.memoryBytes,
    sink,
    signal,
    settings,
  });
  const end = run.keepingSignal();
  const left = {
    ...waiting,
    ...{ plan: step, row: attempt, sink, signal: end, inTime: keeping(end) },
  };
  await keepReports(context, left, before);
  const outcome = await keepArtifact(context, left, ended);
  if (outcome.status === 'success') await saveCaches(context, left, restored.pending);
  if (outcome.status === 'failure' && !container.hasEnded() && !mayFollow(outcome))
    await context.onStepFailed?.(
      {
        name: step.name,
        containerId: container.id,
        shell: shell.command,
        environment: variables.environment,
        workingDirectory,
      },
      signal,
    );
  // Its commands may have failed for want of the network.
  return outcome.status === 'failure' && waiting.sandbox?.hasEnded() === true
    ? badOutcome('network_lost', {}, outcome.exitCode)
    : outcome;
}

function environmentOf({ work, secrets }: WorkflowContext, { step, attempt, share, hasFailure }: AttemptRun) {
  const now = {
    atMs: Date.now(),
    hasFailure: hasFailure(),
    isProgram: step.program !== undefined,
    split: step.split ?? null,
    splitFile: share === null ? null : SPLIT_FILE,
  };
  return stepEnvironment(variablesOf(work, attempt, now), step, secrets);
}
