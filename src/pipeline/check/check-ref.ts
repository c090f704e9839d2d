import { mayMatchGlob } from '../../core/glob.ts';
import { EVENT_NAMES, type Condition, type EventName, type Filter } from '../grammar/when.ts';
import type { Report } from '../report.ts';

/** What the ref of an event begins and ends with. */
const REFS: Readonly<Record<EventName, readonly [string, string]>> = {
  push: ['refs/heads/', ''],
  manual: ['refs/heads/', ''],
  cron: ['refs/heads/', ''],
  tag: ['refs/tags/', ''],
  pull_request: ['refs/pull/', '/head'],
};

/** Some event of a condition has a ref that its `ref` may match. */
export function checkRef({ event, tag, cron, ref }: Condition, report: Report): void {
  if (ref === null) return;
  const events = (event ?? EVENT_NAMES).filter(
    (one) => (tag === null || one === 'tag') && (cron === null || one === 'cron'),
  );
  // Of a `tag` or a `cron` without its event more is said elsewhere.
  if (events.length === 0 || events.some((one) => mayMatch(ref.value, REFS[one]))) return;
  const refs = [...new Set(events.map((one) => REFS[one].join('…')))];
  const names = events.map((one) => `\`${one}\``);
  const whose = event === null && events.length > 1 ? 'builds' : inWords(names);
  report.add('condition_never', ref, {
    cause: `\`ref\` matches none of ${inWords(refs.map((one) => `\`${one}\``))}, which ${whose} ${events.length === 1 ? 'has' : 'have'}`,
    fix: 'Write such a ref, or `branch` or `tag` with the name alone, or another `event`.',
  });
}

function mayMatch({ include, exclude }: Filter, [begin, end]: readonly [string, string]): boolean {
  const isAll = (pattern: string) =>
    /^[^*?[\]{}\\]*\*\*$/.test(pattern) && begin.startsWith(pattern.slice(0, -2));
  if (exclude.some(isAll)) return false;
  return include.length === 0 || include.some((pattern) => mayMatchGlob(pattern, begin, end));
}

function inWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
