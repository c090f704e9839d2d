import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { isTag } from '../slug.ts';
import { checkTemplate } from './check-template.ts';
import type { OwnNames } from './check-template.ts';

/** What can be said of tags without an event: their variables exist, the rest has valid characters. */
export function checkTags(tags: readonly Located<string>[], own: OwnNames, report: Report): void {
  for (const tag of tags.filter(({ value }) => value !== '')) {
    const template = checkTemplate(tag, own, report);
    if (template === null) continue;
    const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
    if (!isTag(sample)) report.add('tag_wrong', tag, { tag: shorten(tag.value), cause: '' });
    else if (template.every((part) => typeof part === 'string'))
      report.add('tag_mutable', tag, { tag: tag.value });
  }
}
