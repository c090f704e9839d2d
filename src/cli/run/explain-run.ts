import { Problem } from '../../core/problem.ts';
import { usageBelow, UsageError } from '../call-server.ts';
import { UnreadableFile } from '../lint-input.ts';
import { INTERRUPTED } from './run-workflows.ts';

/** Says why a run did not come about. Gives the exit status. */
export function explainRun(error: unknown, command: string, usage: string): number {
  if (error instanceof UsageError || error instanceof UnreadableFile) {
    process.stderr.write(`slipway ${command}: ${error.message}\n${usageBelow(error, usage)}`);
    return 2;
  }
  if (error instanceof Error && error.name === 'AbortError') return INTERRUPTED;
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`slipway: ${error.message}\n  ${error.fix}\n`);
  return 1;
}
