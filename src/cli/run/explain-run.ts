import { Problem } from '../../core/problem.ts';
import { UsageError } from '../call-server.ts';
import { UnreadableFile } from '../lint-input.ts';
import { INTERRUPTED } from './run-workflows.ts';

/** Says why a run did not come about. Gives the exit status. */
export function explainRun(error: unknown, command: string, usage: string): number {
  if (error instanceof UsageError || error instanceof UnreadableFile) {
    const shown = error instanceof UsageError ? `\n${usage}` : '';
    process.stderr.write(`slipway ${command}: ${error.message}\n${shown}`);
    return 2;
  }
  if (error instanceof Error && error.name === 'AbortError') return INTERRUPTED;
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`slipway: ${error.message}\n  ${error.fix}\n`);
  return 1;
}
