import { divideFiles } from '../../src/core/divide-files.ts';
import type { CancelledStep, LeaseSecrets, ReportBody, WorkflowWork } from '../../src/core/work.ts';
import type { CacheStore } from '../caches/cache-store.ts';
import type { Engine } from '../engine/engine.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import type { LogSink } from '../log-sink.ts';
import type { Outcome } from '../outcome.ts';
import { openAttempts } from './attempt.ts';
import { ensureHelper } from './ensure-helper.ts';
import { containerLimits } from './limits.ts';
import { NamedImages, type NameImage } from './named-images.ts';
import { Service } from './service.ts';
import { StepFlow } from './step-flow.ts';
import { findRow } from './workflow-context.ts';
import type {
  DivideFiles,
  KeepTests,
  OnStepFailed,
  SendArtifact,
  WorkflowContext,
} from './workflow-context.ts';
import type { WorkflowPlace } from './set-up-workflow.ts';
import type { StepSettings } from './settings.ts';

export interface RunSteps {
  readonly engine: Engine;
  readonly work: WorkflowWork;
  readonly labels: WorkflowLabels;
  /** Of {@link setUpWorkflow}. */
  readonly place: WorkflowPlace;
  /**
   * A success when the checkout is in the workspace, else why it never will be: every step is skipped then. Services
   * and containers start without it, commands do not.
   */
  readonly workspace: Promise<Outcome>;
  /**
   * Engine's Id of the image for steps without one of their own; null when it could not be built (every step is
   * skipped then). A promise, so that services and other containers start while it is being built.
   */
  readonly builtImage: Promise<string | null>;
  readonly secrets: LeaseSecrets;
  /** Opens the log of a step's attempt; called once each. */
  readonly openLog: (attemptId: string) => LogSink;
  /** Takes a report; `step.finished` comes after its log's end. */
  readonly report: (body: ReportBody) => void | Promise<void>;
  /** Abort it with an {@link Outcome} as reason (`cancelled: by ann`, `error: lease lost`): steps end within the grace. */
  readonly signal: AbortSignal;
  readonly settings: StepSettings;
  readonly onStepFailed?: OnStepFailed | undefined;
  readonly keepTests?: KeepTests | undefined;
  readonly sendArtifact?: SendArtifact | undefined;
  readonly caches?: CacheStore | undefined;
  /** Absent: by their number alone. */
  readonly divideFiles?: DivideFiles | undefined;
  /** Absent: each name stands for what the engine has or gets by it first. */
  readonly nameImage?: NameImage | undefined;
  /** Calls the listener once for each step that is to end while the rest goes on. Absent: nobody ends one. */
  readonly onCancelStep?: ((listener: (step: CancelledStep) => void) => void) | undefined;
}

/** The end of all steps together; a service alone never fails it once it was ready. */
export type StepsOutcome = Outcome & {
  /** Resolves when services have ended and every end is reported; await it before the workflow's own end. */
  readonly settled: Promise<void>;
  /** Resolves when no container of a step is left or being made; await it before the clean-up. Never rejects. */
  readonly cleared: Promise<void>;
};

const SUCCESS: Outcome = { status: 'success', reason: null, exitCode: null };

/**
 * Runs the services and steps of a plan, in the order of `dependsOn`, side by side where it allows that, and reports
 * each. Planned ends are the outcome; it throws only for what nobody planned. The containers of services remain
 * for {@link cleanUpWorkflow}, which the caller has installed.
 * @throws Problem `part_missing` when this machine has no helper for the engine.
 */
export async function runSteps(job: RunSteps): Promise<StepsOutcome> {
  // Either may fail before any step waits for it.
  for (const gate of [job.workspace, job.builtImage]) gate.catch(() => undefined);
  const context = await openContext(job);
  const services = startServices(context, job.signal);
  const ready = allReady(services);
  const flow = new StepFlow(context, { ...job, services: ready }, job.signal);
  job.onCancelStep?.((step) => flow.cancel(step));
  const outcome = await flow.run();
  const settled = Promise.allSettled(services.map((service) => service.end())).then(() =>
    context.attempts.settle(),
  );
  const cleared = flow.settle().catch(() => undefined);
  return { ...(await withServices(outcome, ready)), settled, cleared };
}

async function openContext(job: RunSteps): Promise<WorkflowContext> {
  const { engine, settings } = job;
  const [helper, facts] = await Promise.all([
    ensureHelper(engine, settings.helperPath),
    engine.facts(),
    engine.events.ready(),
  ]);
  const attempts = openAttempts(job.openLog, job.report);
  const divideByNumber: DivideFiles = async (_step, of, files) => divideFiles(files, new Map(), of);
  const { divideFiles: divide = divideByNumber } = job;
  const images = namedImages(job);
  return { ...job, helper, limits: containerLimits(facts, settings), attempts, divideFiles: divide, images };
}

function namedImages({ engine, work, secrets, signal, nameImage }: RunSteps): NamedImages {
  const asFound: NameImage = async (_name, found) => found;
  const { registries } = secrets;
  const kept = work.repeat?.keptSteps ?? [];
  const { services, steps } = work.plan;
  const running = steps.filter(({ name, selected }) => selected && !kept.includes(name));
  const all = [...services, ...running];
  const fresh = new Set(all.flatMap(({ image, pull }) => (pull === true ? (image ?? []) : [])));
  const images = new NamedImages({ engine, registries, signal, nameImage: nameImage ?? asFound, fresh });
  images.askAhead(new Set(all.flatMap(({ image }) => image ?? [])));
  return images;
}

function startServices(context: WorkflowContext, signal: AbortSignal): Service[] {
  return context.work.plan.services.map((plan) => {
    const row = findRow(context.work, 'service', plan.name);
    if (row === null)
      throw new Error(`workflow ${context.work.workflowId} has no row for service ${plan.name}`);
    return new Service(context, plan, row, signal);
  });
}

/** A success when all are ready, else the first that is not, as soon as that is known. */
function allReady(services: readonly Service[]): Promise<Outcome> {
  return new Promise((resolve) => {
    let left = services.length;
    if (left === 0) resolve(SUCCESS);
    for (const service of services)
      void service.ready.then((outcome) => {
        left -= 1;
        if (outcome.status !== 'success')
          resolve({ ...outcome, reason: `service ${service.name}: ${outcome.reason ?? outcome.status}` });
        else if (left === 0) resolve(SUCCESS);
      });
  });
}

/** Steps that were skipped for want of a service are its failure. */
async function withServices(steps: Outcome, ready: Promise<Outcome>): Promise<Outcome> {
  if (steps.status !== 'success') return steps;
  return ready;
}
