import type { PushPlan } from '../../core/plan.ts';
import type { CiContext } from '../ci-variables.ts';
import type { PushSpec } from '../grammar/push.ts';
import { matchPush } from '../match-when.ts';
import type { Occasion } from '../match-when.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { isTag, repositoryOf, slugOf } from '../slug.ts';
import type { FillValue } from './fill-values.ts';

/**
 * Where the image goes, and under which tags. A deployment needs the image in the registry: with `deploys`
 * and nothing to push for this event it is pushed by digest, without a tag.
 */
export function planPush(
  spec: PushSpec | null,
  deploys: boolean,
  context: CiContext,
  occasion: Occasion,
  fill: FillValue,
  report: Report,
): PushPlan | null {
  const { project } = context;
  const isPushed = spec !== null && matchPush(spec.when, occasion);
  if (!isPushed && !deploys) return null;
  const repository = spec?.repository ?? repositoryOf(project.path);
  if (!isPushed) return { repository, tags: [] };
  return {
    repository,
    tags: spec.tags === null ? defaultTags(context) : planTags(spec.tags, context.event, fill, report),
  };
}

/** The commit; the branch where it is the default one; the tag where it is a valid one. */
function defaultTags({ event, project }: CiContext): readonly string[] {
  const tags = [event.commit];
  if ((event.kind === 'push' || event.kind === 'manual') && event.branch === project.defaultBranch)
    tags.push(slugOf(event.branch));
  if (event.kind === 'tag' && isTag(event.tag)) tags.push(event.tag);
  return tags;
}

/** Tags that need a value the event does not have are left out; when none is left, that is a problem. */
function planTags(
  tags: readonly Located<string>[],
  event: CiContext['event'],
  fill: FillValue,
  report: Report,
): readonly string[] {
  const planned: string[] = [];
  for (const tag of tags) {
    const {
      text: filled,
      missing: [name],
    } = fill(tag);
    if (name !== undefined) report.add('tag_left_out', tag, { tag: tag.value, event: event.kind, name });
    else if (isTag(filled)) planned.push(filled);
    else report.add('tag_wrong', tag, { tag: shorten(filled), cause: ` (from \`${shorten(tag.value)}\`)` });
  }
  const [first] = tags;
  if (planned.length === 0 && first !== undefined && !report.hasErrors())
    report.add('tags_none', first, {
      tags: tags.map(({ value }) => `\`${value}\``).join(', '),
      event: event.kind,
    });
  return [...new Set(planned)];
}
