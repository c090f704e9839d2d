import type { Outcome } from '../../../worker/outcome.ts';
import type { RunAudience } from '../../../worker/local/local-lease.ts';
import { fixBeside } from '../../core/end-fix.ts';
import { worst, type EndStatus } from '../../core/status.ts';
import type { StepWork } from '../../core/work.ts';
import { harmless } from '../../pipeline/excerpt.ts';
import { paint, paintStatus } from '../print.ts';
import { took, type RunRow } from './run-rows.ts';

/** How a run is shown. */
export interface RunView {
  /** @param ignored Names of the steps whose failure counts for nothing. */
  begin(steps: readonly StepWork[], ignored: ReadonlySet<string>): RunAudience;
  /** What a step has said last, as far as it is not on the terminal. */
  lastLines(step: string): readonly string[];
  /** Leaves the terminal to somebody else until the result is called. */
  pause(): () => void;
  end(outcome: Outcome, ms: number): void;
}

/** The words that are left of a run. */
export function summary(rows: readonly RunRow[], outcome: Outcome, ms: number): string {
  const lines: string[] = [];
  for (const row of rows) {
    if (row.kind === 'service' || (row.status !== 'failure' && row.status !== 'error')) continue;
    lines.push('', paint('bold', harmless(`${row.name}: ${row.reason ?? row.status}`)));
    lines.push(...fixLines(row));
    lines.push(...row.tail.map((line) => `  ${line}`));
  }
  const reason = outcome.reason === null ? '' : `: ${harmless(outcome.reason)}`;
  lines.push('', `${paintStatus(outcome.status)}${reason} (${took(ms)})`, '');
  return lines.join('\n');
}

/** What to do about the end of a row, in its line; none where its reason says it. */
export function fixLines(row: RunRow): readonly string[] {
  const fix = fixBeside(row);
  return fix === null ? [] : [paint('dim', harmless(fix))];
}

/** A workflow of a run that has several. */
export interface EndedWorkflow {
  readonly name: string;
  /** With its combination of the matrix. */
  readonly label: string;
  readonly status: EndStatus;
  readonly reason: string | null;
}

/** How all workflows of a run ended together, as a build of them would: the worst end, and of which one it is. */
export function wholeSummary(ended: readonly EndedWorkflow[], ms: number): string {
  const status = worst(ended.map((workflow) => workflow.status));
  const { label, reason } = ended.find((workflow) => workflow.status === status) ?? {};
  const why = label === undefined || reason == null ? '' : `: workflow ${label}: ${reason}`;
  const count = `${ended.length} ${ended.length === 1 ? 'workflow' : 'workflows'}`;
  return `${paintStatus(status)}${harmless(why)} (${count}, ${took(ms)})`;
}
