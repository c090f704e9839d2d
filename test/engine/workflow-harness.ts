import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../src/core/id.ts';
import type { ServicePlan, StepPlan } from '../../src/core/plan.ts';
import type { ReportBody, StepWork, WorkflowWork } from '../../src/core/work.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import type { LogSink } from '../../worker/log-sink.ts';
import type { Outcome } from '../../worker/outcome.ts';
import { SUCCESS } from '../../worker/workflow/outcomes.ts';
import { cleanUpWorkflow } from '../../worker/steps/clean-up-workflow.ts';
import { fillWorkspace } from '../../worker/steps/fill-workspace.ts';
import { runSteps } from '../../worker/steps/run-steps.ts';
import { setUpWorkflow } from '../../worker/steps/set-up-workflow.ts';
import { STEP_SETTINGS } from '../../worker/steps/settings.ts';
import type { StepSettings } from '../../worker/steps/settings.ts';
import { testParts } from '../support/parts.ts';
import { planOf } from '../support/record.ts';
import { TestSink, leftOf, testLabels } from './support.ts';

export interface TestWorkflow {
  readonly steps: readonly (Partial<StepPlan> & { readonly name: string })[];
  readonly services?: readonly (Partial<ServicePlan> & { readonly name: string })[];
  /** For steps and services without one of their own. */
  readonly image: string;
  readonly builtImage?: string | null | Promise<string | null>;
  readonly files?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Where a row's log goes instead of into `logs`. */
  readonly openLog?: (attemptId: string) => LogSink;
  /** Over the defaults. */
  readonly settings?: Partial<StepSettings>;
  /** Told of each report as it comes. */
  readonly onReport?: (body: ReportBody, name: string) => void;
}

export interface TestWorkflowEnd {
  readonly outcome: Outcome;
  /** What was reported of each step and service, in the order it came: `name started`, `name success`, … */
  readonly story: readonly string[];
  readonly ends: Readonly<Record<string, Extract<ReportBody, { type: 'step.finished' }>>>;
  readonly logs: Readonly<Record<string, TestSink>>;
  /** What was left in the engine after the clean-up. */
  readonly left: readonly string[];
}

/** Runs a workflow's steps as the worker does: set-up, workspace, services and steps, clean-up. */
export async function runTestWorkflow(engine: Engine, test: TestWorkflow): Promise<TestWorkflowEnd> {
  const labels = testLabels();
  const work = workOf(test, labels.workflow);
  const checkout = mkdtempSync(path.join(tmpdir(), 'slipway-checkout-'));
  for (const [name, content] of Object.entries(test.files ?? {}))
    writeFileSync(path.join(checkout, name), content);
  const story: string[] = [];
  const ends: Record<string, Extract<ReportBody, { type: 'step.finished' }>> = {};
  const logs: Record<string, TestSink> = {};
  const nameOf = (attemptId: string) =>
    work.steps.find(({ attemptId: first, retries = [] }) =>
      [first, ...retries.map((one) => one.attemptId)].includes(attemptId),
    )?.name ?? '?';
  const report = (body: ReportBody): void => {
    if (body.type !== 'step.started' && body.type !== 'step.finished') throw new Error(body.type);
    const name = nameOf(body.attemptId);
    story.push(`${name} ${body.type === 'step.started' ? 'started' : body.status}`);
    if (body.type === 'step.finished') ends[name] = body;
    test.onReport?.(body, name);
  };
  let outcome: Outcome;
  try {
    const signal = test.signal ?? new AbortController().signal;
    // An engine of the run's own lets through only the ranges that it was made for.
    const settings = { ...STEP_SETTINGS, networkRange: testParts().buildNetworks, ...test.settings };
    const place = await setUpWorkflow(engine, labels, settings, signal);
    const { settled, cleared, ...end } = await runSteps({
      engine,
      work,
      labels,
      place,
      workspace: fillWorkspace(engine, labels, place, checkout).then(() => SUCCESS),
      builtImage: Promise.resolve(test.builtImage ?? null),
      secrets: { values: test.secrets ?? {}, registries: {} },
      openLog: test.openLog ?? ((attemptId) => (logs[nameOf(attemptId)] = new TestSink())),
      report,
      signal,
      settings,
    });
    await Promise.all([settled, cleared]);
    outcome = end;
  } finally {
    await cleanUpWorkflow(engine, labels);
    rmSync(checkout, { recursive: true });
  }
  return { outcome, story, ends, logs, left: await leftOf(engine, labels) };
}

function workOf(test: TestWorkflow, workflowId: string): WorkflowWork {
  const row = (kind: StepWork['kind']) => (plan: Pick<Partial<StepPlan>, 'retry'> & { name: string }) => ({
    stepId: newId('stp'),
    attemptId: newId('att'),
    kind,
    name: plan.name,
    retries: Array.from({ length: plan.retry?.count ?? 0 }, () => ({ attemptId: newId('att') })),
  });
  const services = (test.services ?? []).map((service) => ({
    image: test.image,
    environment: {},
    commands: [],
    ready: { kind: 'auto', timeoutMs: 10_000 } as const,
    ...service,
  }));
  return {
    kind: 'workflow',
    workflowId,
    attempt: 1,
    build: { id: newId('bld'), number: 7, projectId: newId('prj'), projectPath: 'shop/web' },
    clone: { url: 'http://git.test/shop/web', ref: 'refs/heads/main', commit: '0'.repeat(40) },
    plan: {
      image: test.builtImage === undefined ? null : planOf().image,
      services,
      steps: stepsOf(test),
      push: null,
      deploys: [],
    },
    variables: { CI: 'true', CI_BUILD_NUMBER: '7' },
    steps: [...services.map(row('service')), ...test.steps.map(row('step'))],
    registry: null,
  };
}

/** One after another, unless a step says on what it depends. */
function stepsOf(test: TestWorkflow): StepPlan[] {
  return test.steps.map((step, i) => ({
    image: test.image,
    commands: ['true'],
    environment: {},
    dependsOn: test.steps.slice(Math.max(0, i - 1), i).map((before) => before.name),
    timeoutMs: 60_000,
    failure: 'fail',
    runsOn: ['success'],
    selected: true,
    ...step,
  }));
}
