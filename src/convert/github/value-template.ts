import { own } from '../own.ts';
import { inputOf } from './contexts.ts';
import type { Start } from './start.ts';
import { replaceExpressions } from './replace-expressions.ts';

/** Values of an event that are the same here and there in a push, of a tag too, and in builds by hand and by the clock. */
const SAME: Readonly<Record<string, string>> = {
  'github.sha': '${CI_COMMIT_SHA}',
  'github.ref_name': '${CI_COMMIT_TAG:-${CI_COMMIT_BRANCH}}',
};

/** Characters that a text may become. */
const LONGEST = 4_096;

/** What a text may take values from. */
export interface TemplateAround {
  /** Variables of the file. */
  readonly environment: ReadonlyMap<string, string>;
  readonly start: Start;
  /** `owner/name` there; null where that is not known. */
  readonly repository: string | null;
}

/**
 * A text with variables of ours in the place of expressions; null where one of them is not surely the same here, such as the
 * number of a run, which begins anew.
 */
export function templateOf(
  written: string,
  around: TemplateAround,
  found = new Map<string, string | null>(),
): string | null {
  const { environment, start, repository } = around;
  const [owner = null, name = null] = repository?.split('/') ?? [];
  const ofRepository: Readonly<Record<string, string | null>> = {
    'github.repository': repository,
    'github.repository_owner': owner,
    'github.event.repository.name': name,
  };
  /** Each variable once, and none that takes itself. */
  const variableOf = (variable: string): string | null => {
    const value = environment.get(variable);
    const known = value === undefined ? null : found.get(variable);
    if (value === undefined || known !== undefined) return known ?? null;
    found.set(variable, null);
    const made = templateOf(value, around, found);
    found.set(variable, made);
    return made;
  };
  let isSaid = true;
  const plain = written.replaceAll('$', (_, offset: number) =>
    written.startsWith('${{', offset) ? '$' : '$$',
  );
  const text = replaceExpressions(plain, (expression) => {
    const [, literal] = /^'([^']*)'$/.exec(expression) ?? [];
    const [, variable] = /^env\.(\w+)$/.exec(expression) ?? [];
    const input = inputOf(expression, start);
    const put =
      own(SAME, expression) ??
      own(ofRepository, expression) ??
      literal ??
      (input === undefined ? undefined : `\${${input.variable}}`) ??
      (variable === undefined ? null : variableOf(variable));
    isSaid &&= put !== null;
    return put ?? '';
  });
  return isSaid && text.length <= LONGEST && !text.includes('${{') ? text : null;
}
