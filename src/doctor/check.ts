import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../core/problem.ts';

/** `warn`: works, but not as it should for long. `fail`: something cannot work. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** What was seen, in one line. */
  readonly says: string;
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null;
}

/** One thing that is looked at. It changes nothing. */
export interface Check {
  readonly name: string;
  /** What it throws is a `fail`. `signal` ends what it waits for when its time is over. */
  readonly run: (signal: AbortSignal) => Promise<Finding>;
}

export interface Result extends Finding {
  readonly name: string;
}

export const ok = (says: string): Finding => ({ verdict: 'ok', says, fix: null });
export const warn = (says: string, fix: string): Finding => ({ verdict: 'warn', says, fix });
export const fail = (says: string, fix: string): Finding => ({ verdict: 'fail', says, fix });

/** Runs all of them side by side; each has a result within `limitMs`, whatever it waits for. In their order. */
export function runChecks(checks: readonly Check[], limitMs: number): Promise<readonly Result[]> {
  return Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await runBounded(check, limitMs)) })),
  );
}

async function runBounded({ run }: Check, limitMs: number): Promise<Finding> {
  const late = new AbortController();
  const done = new AbortController();
  try {
    return await Promise.race([
      run(late.signal),
      sleep(limitMs, null, { signal: done.signal }).then(() =>
        fail(
          `no answer within ${limitMs / 1000} s`,
          'Look at what is in the way: a network, a disk, a process that stands still.',
        ),
      ),
    ]);
  } catch (error) {
    return failOf(error);
  } finally {
    done.abort();
    late.abort();
  }
}

function failOf(error: unknown): Finding {
  if (error instanceof Problem) return fail(oneLine(error.message), error.fix);
  return fail(oneLine(causeOf(error)), 'Correct what it says.');
}

/** Errors of connections have their reason in a code, or in a cause's. */
export function causeOf(error: unknown): string {
  const { cause, message, code } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? (message || code || 'it failed');
}

function oneLine(text: string): string {
  return text
    .trim()
    .split(/\s*\n\s*/)
    .join(' ');
}
