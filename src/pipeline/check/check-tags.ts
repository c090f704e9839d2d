import { didYouMean } from '../../core/did-you-mean.ts';
import { STEP_VARIABLES } from '../../core/step-variables.ts';
import { CI_VARIABLES } from '../ci-variables.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { isTag } from '../slug.ts';
import { fillTag, variablesOf } from '../tag-template.ts';
import { UNSET_VARIABLES } from '../variables/unset.ts';

const FOR_TAGS = Object.keys(CI_VARIABLES).filter((name) => CI_VARIABLES[name]?.isForTags === true);

/** What can be said of tags without an event: their variables exist, the rest has valid characters. */
export function checkTags(tags: readonly Located<string>[], report: Report): void {
  for (const tag of tags.filter(({ value }) => value !== '')) {
    const names = variablesOf(tag.value);
    const unknown = names.filter((name) => !FOR_TAGS.includes(name));
    for (const name of unknown) report.add('variable_unknown', tag, { name, fix: fixOf(name) });
    const sample = fillTag(tag.value, () => 'x');
    if (sample === null || !isTag(sample))
      report.add('tag_wrong', tag, { tag: shorten(tag.value), cause: '' });
    else if (names.length === 0) report.add('tag_mutable', tag, { tag: tag.value });
  }
}

function fixOf(name: string): string {
  if (Object.hasOwn(CI_VARIABLES, name) || Object.hasOwn(STEP_VARIABLES, name))
    return 'Only steps have it, in their environment; docs/pipeline.md says which variables tags may use.';
  const unset = UNSET_VARIABLES[name];
  if (unset !== undefined) return `Slipway does not set it. ${unset}`;
  const near = didYouMean(name, FOR_TAGS);
  return near === null
    ? 'Use one of the `CI_*` variables of docs/pipeline.md, e.g. ${CI_COMMIT_SHA}.'
    : `Did you mean \`${near}\`?`;
}
