import { newId } from '../../src/core/id.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { engineLabels } from '../../worker/engine/labels.ts';
import type { WorkflowLabels } from '../../worker/engine/labels.ts';
import type { Outcome } from '../../worker/outcome.ts';
import { HELPER_FOLDER, ensureHelper } from '../../worker/steps/ensure-helper.ts';
import { findShell } from '../../worker/steps/find-shell.ts';
import { runCommands } from '../../worker/steps/run-commands.ts';
import { STEP_SETTINGS } from '../../worker/steps/settings.ts';
import { startStepContainer } from '../../worker/steps/step-container.ts';
import type { StepContainer } from '../../worker/steps/step-container.ts';
import { TestSink } from './support.ts';

export interface OneStep {
  readonly image: string;
  readonly commands: readonly string[];
  readonly memoryBytes?: number;
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  readonly backgroundGraceMs?: number;
  readonly deadManMs?: number;
  readonly user?: string;
  readonly sink?: TestSink;
  readonly signal?: AbortSignal;
  /** Called when the container waits, before the commands run. */
  readonly onWaiting?: (container: StepContainer) => void | Promise<void>;
}

export interface OneStepEnd {
  readonly outcome: Outcome;
  readonly sink: TestSink;
  /** From the start of the commands to their outcome. */
  readonly ms: number;
}

/** One step as the worker runs it, without workspace and network: started ahead, commands by exec, removed. */
export async function runOneStep(engine: Engine, labels: WorkflowLabels, step: OneStep): Promise<OneStepEnd> {
  const helper = await ensureHelper(engine, null);
  const memoryBytes = step.memoryBytes ?? 512 * 1024 ** 2;
  const container = await startStepContainer(
    engine,
    {
      name: `slipway-${newId('att')}`,
      image: step.image,
      labels: engineLabels(labels, 'step'),
      mounts: [{ volume: helper.volume, path: HELPER_FOLDER, readOnly: true }],
      limits: { memoryBytes, pids: 256, cpuShares: 512 },
      ...(step.user === undefined ? {} : { user: step.user }),
    },
    step.deadManMs ?? STEP_SETTINGS.deadManSwitchMs,
  );
  try {
    const image = await engine.inspectImage(step.image);
    if (image === null) throw new Error(`no image ${step.image}`);
    const shell = await findShell(engine, container.id, image);
    const sink = step.sink ?? new TestSink();
    await step.onWaiting?.(container);
    const startMs = Date.now();
    const outcome = await runCommands({
      engine,
      container,
      shell,
      program: [],
      plan: { commands: step.commands, timeoutMs: step.timeoutMs ?? 60_000 },
      environment: { CI: 'true' },
      workingDirectory: '/tmp',
      memoryBytes,
      sink,
      signal: step.signal ?? new AbortController().signal,
      settings: {
        graceMs: step.graceMs ?? STEP_SETTINGS.graceMs,
        backgroundGraceMs: step.backgroundGraceMs ?? STEP_SETTINGS.backgroundGraceMs,
      },
    });
    return { outcome, sink, ms: Date.now() - startMs };
  } finally {
    await container.remove().catch(() => undefined);
  }
}
