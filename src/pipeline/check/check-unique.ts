import type { Located, Report } from '../report.ts';

/** Names are unique within their kind. */
export function checkUnique(
  kind: 'steps' | 'services',
  items: readonly { readonly name: Located<string> }[],
  report: Report,
): void {
  const first = new Map<string, Located<string>>();
  for (const { name } of items) {
    const earlier = first.get(name.value);
    if (name.value === '') continue;
    if (earlier === undefined) first.set(name.value, name);
    else
      report.add('name_duplicate', name, {
        kind,
        name: name.value,
        first: report.wordsFor(earlier.span.offset, name.span.offset),
      });
  }
}
