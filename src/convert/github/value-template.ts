import { own } from '../own.ts';
import { inputOf } from './contexts.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';
import { replaceExpressions } from './replace-expressions.ts';

/** Values of an event that are the same here and there in a push, of a tag too, and in builds by hand and by the clock. */
const SAME: Readonly<Record<string, string>> = {
  'github.sha': '${CI_COMMIT_SHA}',
  'github.ref_name': '${CI_COMMIT_TAG:-${CI_COMMIT_BRANCH}}',
};

/** Variables that stand in each other. */
const DEEPEST = 20;

/** What a text may take values from. */
export interface TemplateAround {
  /** Variables of the file. */
  readonly environment: ReadonlyMap<string, string>;
  readonly inputs: DispatchInputs['known'];
  /** `owner/name` there; null where that is not known. */
  readonly repository: string | null;
}

/**
 * A text with variables of ours in the place of expressions; null where one of them is not surely the same here, such as the
 * number of a run, which begins anew.
 */
export function templateOf(written: string, around: TemplateAround, depth = 0): string | null {
  const { environment, inputs, repository } = around;
  let isSaid = depth < DEEPEST;
  const plain = written.replaceAll('$', (_, offset: number) =>
    written.startsWith('${{', offset) ? '$' : '$$',
  );
  if (!isSaid) return null;
  const text = replaceExpressions(plain, (expression) => {
    const [, literal] = /^'([^']*)'$/.exec(expression) ?? [];
    const [, variable] = /^env\.(\w+)$/.exec(expression) ?? [];
    const input = inputOf(expression, inputs);
    const value = variable === undefined ? undefined : environment.get(variable);
    const [owner, name] = repository?.split('/') ?? [];
    const found =
      own(SAME, expression) ??
      {
        'github.repository': repository,
        'github.repository_owner': owner,
        'github.event.repository.name': name,
      }[expression] ??
      literal?.replaceAll('$', '$$$$') ??
      (input === undefined ? undefined : `\${${input.variable}}`) ??
      (value === undefined ? undefined : templateOf(value, around, depth + 1));
    if (found === undefined || found === null) isSaid = false;
    return found ?? '';
  });
  return isSaid && !text.includes('${{') ? text : null;
}
