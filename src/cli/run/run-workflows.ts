import type { LocalRunSettings } from '../../../config/local-run.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import {
  openArtifactShelf,
  type ArtifactShelf,
  type FetchArtifact,
} from '../../../worker/local/artifact-shelf.ts';
import { openShell } from '../../../worker/local/open-shell.ts';
import { runLocally, type LocalRun } from '../../../worker/local/run-locally.ts';
import type { Decided, RunAudience } from '../../../worker/local/local-lease.ts';
import type { Outcome } from '../../../worker/outcome.ts';
import type { FailedStep } from '../../../worker/steps/workflow-context.ts';
import { isAfterFailure, isForFailure, isReady, reasonToCancel } from '../../core/decide-workflows.ts';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { Plan } from '../../core/plan.ts';
import type { NamedImage } from '../../core/named-image.ts';
import { attemptIdsOf, type StepWork, type TakenWork } from '../../core/work.ts';
import type { RecordedImage } from '../../core/views/replay-view.ts';
import { harmless } from '../../pipeline/excerpt.ts';
import { paint } from '../print.ts';
import { namesOf, type RunWorkflow } from './plan-run.ts';
import { wholeSummary, type EndedWorkflow, type RunView } from './run-view.ts';
import { plainView } from './show-plain.ts';
import { treeView } from './show-tree.ts';

/** Exit status after Ctrl-C. */
export const INTERRUPTED = 130;

/** How runs are shown. */
export interface ShowRun {
  /** Also of a step whose failure is ignored, where it is one of `steps`. */
  readonly opensShell: boolean;
  /** Those that are named, as the file or a share is called; absent: none is. */
  readonly steps?: readonly string[];
  readonly isPlain: boolean;
}

export interface WorkflowsRun extends Pick<
  LocalRun,
  'tree' | 'projectPath' | 'clone' | 'secrets' | 'registries' | 'cachesFor' | 'isTrusted' | 'signal'
> {
  readonly settings: LocalRunSettings;
  readonly show: ShowRun;
  /** For what workflows take of a server. Absent: they take only of each other. */
  readonly fetchArtifact?: FetchArtifact;
}

/** A workflow, perhaps with an image that was built for it before, and with what was decided as it ran. */
export type WorkflowToRun = RunWorkflow & {
  readonly image?: RecordedImage | null;
  readonly decided?: Decided;
  /** What it takes of a server; absent: what the workflows before it have kept here. */
  readonly takes?: TakenWork | undefined;
};

/** Runs workflows on this machine one after the other, each after those that it waits for. Gives the exit status. */
export async function runWorkflows(workflows: readonly WorkflowToRun[], run: WorkflowsRun): Promise<number> {
  const takes = workflows.some(({ plan }) => plan.takes !== undefined);
  const artifacts = takes ? await openArtifactShelf(run.settings.dir, run.fetchArtifact) : undefined;
  try {
    return await runEach(workflows, run, artifacts);
  } finally {
    await artifacts?.clear();
  }
}

async function runEach(
  workflows: readonly WorkflowToRun[],
  run: WorkflowsRun,
  artifacts: ArtifactShelf | undefined,
): Promise<number> {
  const images = new Map<string, NamedImage>();
  const ended: EndedWorkflow[] = [];
  const startedAt = performance.now();
  let exitStatus = 0;
  let cancelled: string | null = null;
  for (const workflow of workflows) {
    if (workflows.length > 1) process.stderr.write(`\n${paint('bold', harmless(workflowLabel(workflow)))}\n`);
    const shared = { artifacts, images, isAfterFailure: isAfterFailure(workflow, ended) };
    const obstacle = obstacleTo(workflow, ended, cancelled);
    const outcome =
      obstacle ??
      (await runOne(workflow, run, {
        ...shared,
        onCancel: (step) => (cancelled ??= reasonToCancel(step, workflow)),
      }));
    if (obstacle !== null)
      process.stderr.write(
        paint('dim', `${capitalized(obstacle.status)}: ${harmless(obstacle.reason ?? '')}.\n`),
      );
    ended.push({
      name: workflow.name,
      label: workflowLabel(workflow),
      status: outcome.status,
      reason: outcome.reason,
    });
    exitStatus ||= statusOf(outcome, run.signal);
    if (run.signal.aborted) break;
  }
  if (workflows.length > 1) process.stdout.write(`\n${wholeSummary(ended, performance.now() - startedAt)}\n`);
  return exitStatus;
}

const SKIPPED: Outcome = { status: 'skipped', reason: 'what it waits for ended otherwise', exitCode: null };

/** Why a workflow does not run, as the server decides it; null: it does. */
function obstacleTo(
  workflow: WorkflowToRun,
  ended: readonly EndedWorkflow[],
  cancelled: string | null,
): Outcome | null {
  if (cancelled !== null && !isForFailure(workflow))
    return { status: 'cancelled', reason: cancelled, exitCode: null };
  return isReady(workflow, ended) ? null : SKIPPED;
}

const capitalized = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** Of other workflows of a run. */
interface Shared extends Pick<LocalRun, 'artifacts' | 'images' | 'isAfterFailure'> {
  /** Told of a step that fails and means the others by that. */
  readonly onCancel: (step: string) => void;
}

async function runOne(
  { name, matrix, plan, variables, image = null, decided, takes }: WorkflowToRun,
  { show, ...run }: WorkflowsRun,
  { artifacts, images, isAfterFailure, onCancel }: Shared,
): Promise<Outcome> {
  artifacts?.begin({ name, matrix, takes });
  const view = show.isPlain ? plainView(process.stdout) : treeView(process.stdout);
  const startedAt = performance.now();
  const outcome = await runLocally({
    ...run,
    plan,
    variables,
    image,
    artifacts,
    decided,
    images,
    isAfterFailure,
    audience: (rows) => withCancels(view.begin(rows, ignoredSteps(plan)), rows, plan, onCancel),
    ...(show.opensShell ? { onStepFailed: shellOpener(view, stepsWithoutShell(plan, show)) } : {}),
    onLeftover: (error) =>
      process.stderr.write(`slipway: something of a run is left: ${(error as Error).message}\n`),
  });
  view.end(outcome, performance.now() - startedAt);
  return outcome;
}

/** Tells also of each step that fails for good and says `failure: cancel`. */
function withCancels(
  audience: RunAudience,
  rows: readonly StepWork[],
  plan: Plan,
  onCancel: (step: string) => void,
): RunAudience {
  const names = new Set(plan.steps.flatMap(({ name, failure }) => (failure === 'cancel' ? [name] : [])));
  return {
    ...audience,
    report(body) {
      audience.report(body);
      if (body.type !== 'step.finished' || body.again === true) return;
      if (body.status !== 'failure' && body.status !== 'error') return;
      const row = rows.find((one) => attemptIdsOf(one).includes(body.attemptId));
      if (row?.kind === 'step' && names.has(row.name)) onCancel(row.name);
    },
  };
}

const ignoredSteps = ({ steps }: Plan): ReadonlySet<string> =>
  new Set(steps.flatMap(({ name, failure }) => (failure === 'ignore' ? [name] : [])));

/** A person who lets a step fail goes on; who names it wants to know why. */
const stepsWithoutShell = (plan: Plan, { steps: named = [] }: ShowRun): ReadonlySet<string> =>
  new Set(
    plan.steps
      .filter((step) => step.failure === 'ignore' && !namesOf(step).some((name) => named.includes(name)))
      .map(({ name }) => name),
  );

function statusOf({ status }: Outcome, signal: AbortSignal): number {
  if (status === 'success' || status === 'skipped') return 0;
  return signal.aborted ? INTERRUPTED : 1;
}

/** One shell at a time: there is one terminal. */
function shellOpener(view: RunView, without: ReadonlySet<string>) {
  let last: Promise<void> = Promise.resolve();
  const open = async (step: FailedStep, engine: Engine, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || without.has(step.name)) return;
    const resume = view.pause();
    const said = view.lastLines(step.name).map((line) => `  ${line}\n`);
    process.stderr.write(
      `\n${paint('bold', harmless(step.name))} failed.\n${said.join('')}A shell in its container; it goes when you leave it.\n`,
    );
    const terminal = { input: process.stdin, output: process.stdout };
    await openShell(engine, step, terminal, signal)
      .catch((error: Error) => process.stderr.write(`slipway: no shell: ${harmless(error.message)}\n`))
      .finally(resume);
  };
  return (step: FailedStep, engine: Engine, signal: AbortSignal) =>
    (last = last.then(() => open(step, engine, signal)));
}
