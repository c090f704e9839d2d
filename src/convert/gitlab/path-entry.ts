import type { Foreign } from '../foreign.ts';
import { copy, entry, list } from '../out.ts';
import type { OutEntry } from '../out.ts';

/** The paths of `changes`. */
export function pathEntry(changes: Foreign): OutEntry {
  const paths = changes.kind === 'map' ? changes.get('paths') : changes;
  if (changes.kind === 'map')
    changes
      .get('compare_to')
      ?.leaveOut('files are compared with where the branch left its target', 'Remove it.');
  return entry(
    'path',
    list(
      (paths?.oneOrMore() ?? []).map((one) => copy(one)),
      changes,
    ),
    changes,
  );
}
