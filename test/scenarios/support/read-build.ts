import { workflowLabel } from '../../../src/core/matrix-label.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { LogRangeView } from '../../../src/core/views/log-view.ts';
import type { StepAttemptView, StepView } from '../../../src/core/views/workflow-view.ts';
import type { LogLine } from '../../../src/core/log.ts';
import type { System } from '../../support/system.ts';

/** The rows of a build's last attempt; of several workflows each with its workflow's name, e.g. `test (A=1): unit`. */
export function rowsOf({ workflows }: BuildView): readonly StepView[] {
  if (workflows.length === 1) return workflows[0]?.steps ?? [];
  return workflows.flatMap((workflow) =>
    workflow.steps.map((step) => ({ ...step, name: `${workflowLabel(workflow)}: ${step.name}` })),
  );
}

/** @throws Error when the build has no such row. */
export function rowOf(build: BuildView, name: string): StepView {
  const found = rowsOf(build).find((row) => row.name === name);
  if (found === undefined)
    throw new Error(
      `${name} is no row of ${rowsOf(build)
        .map((row) => row.name)
        .join(', ')}`,
    );
  return found;
}

/** The last attempt of a row that began; null when none did. */
export function attemptOf(build: BuildView, name: string): StepAttemptView | null {
  return rowOf(build, name).attempts.at(-1) ?? null;
}

/** All lines of a log; at most 5,000. */
export async function linesOf(system: System, logId: string): Promise<readonly LogLine[]> {
  return (await system.api<LogRangeView>('GET', `/logs/${logId}?from=0&count=5000`)).range;
}

/** The log of a row as one text; empty when it never began. */
export async function logOf(system: System, build: BuildView, name: string): Promise<string> {
  const attempt = attemptOf(build, name);
  if (attempt === null) return '';
  return (await linesOf(system, attempt.logId)).map((line) => line.text).join('\n');
}
