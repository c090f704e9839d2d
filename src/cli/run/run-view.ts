import type { Outcome } from '../../../worker/outcome.ts';
import type { RunAudience } from '../../../worker/local/local-lease.ts';
import type { StepWork } from '../../core/work.ts';
import { harmless } from '../../pipeline/excerpt.ts';
import { paint, paintStatus } from '../print.ts';
import { took, type RunRow } from './run-rows.ts';

/** How a run is shown. */
export interface RunView {
  begin(steps: readonly StepWork[]): RunAudience;
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
    lines.push(...row.tail.map((line) => `  ${line}`));
  }
  const reason = outcome.reason === null ? '' : `: ${harmless(outcome.reason)}`;
  lines.push('', `${paintStatus(outcome.status)}${reason} (${took(ms)})`, '');
  return lines.join('\n');
}
