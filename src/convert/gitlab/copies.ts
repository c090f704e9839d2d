import { SPLIT_LIMITS } from '../../core/split.ts';
import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import type { JobText } from './variables.ts';

/** A case of a job's matrix. */
export interface Copy {
  /** Of its name. */
  readonly suffix: string;
  readonly environment: readonly OutEntry[];
}

const MOST_CASES = 200;

/** GitLab runs the cases of a matrix as jobs of their own, and so do we, as steps. */
export function copiesOf(parallel: Foreign | undefined, texts: JobText): readonly Copy[] {
  if (parallel === undefined) return [{ suffix: '', environment: [] }];
  const matrix = parallel.kind === 'map' ? parallel.get('matrix') : undefined;
  if (matrix === undefined) return [{ suffix: '', environment: [] }];
  const count = (row: Foreign) => row.entries().reduce((sum, one) => sum * one.oneOrMore().length, 1);
  if (matrix.items().reduce((sum, row) => sum + count(row), 0) > MOST_CASES) {
    parallel.leaveOut(`it has more than ${MOST_CASES} cases`, 'Write fewer.');
    return [{ suffix: '', environment: [] }];
  }
  const rows = matrix.items().flatMap((row) => {
    let cases: { values: string[]; environment: OutEntry[] }[] = [{ values: [], environment: [] }];
    for (const one of row.entries())
      cases = cases.flatMap((each) =>
        one.oneOrMore().map((value) => ({
          values: [...each.values, value.peek()],
          environment: [
            ...each.environment,
            entry(one.key, text(texts.value(value.text() ?? '', value), value), one),
          ],
        })),
      );
    return cases;
  });
  return rows.map(({ values, environment }) => ({ suffix: `: [${values.join(', ')}]`, environment }));
}

/** A number of equal jobs: their commands divide the work themselves, by the variables that GitLab has for that. */
export function splitEntry(parallel: Foreign | undefined): OutEntry | null {
  if (parallel === undefined || (parallel.kind === 'map' && parallel.get('matrix') !== undefined))
    return null;
  const written = parallel.text() ?? '';
  if (Number(written) === 1) return null;
  if (!isSplit(written)) {
    parallel.leaveOut(`a step has at most ${SPLIT_LIMITS.shares} shares`, 'Write `split` with fewer.');
    return null;
  }
  parallel.changes(
    'its shares run side by side on one worker, in one checkout',
    'Let each write files of its own, named with $CI_NODE_INDEX; with patterns for `files`, past times divide the tests.',
  );
  return entry(
    'split',
    map([entry('count', String(Number(written)), parallel), entry('files', 'none')]),
    parallel,
  );
}

/** Variables that every share finds set, where there are any, as commands would set them. */
export function setForShares(parallel: Foreign | undefined): readonly string[] {
  return parallel?.kind === 'text' && isSplit(parallel.peek()) ? ['CI_NODE_INDEX=', 'CI_NODE_TOTAL='] : [];
}

/** Whether so many jobs become shares; one is a step like any other. */
function isSplit(written: string): boolean {
  const count = Number(written);
  return Number.isInteger(count) && count > 1 && count <= SPLIT_LIMITS.shares;
}
