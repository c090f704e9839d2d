import type { Foreign } from '../foreign.ts';
import { entry, list, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { patternText } from './variables.ts';

/**
 * The paths of `changes`.
 * @param defined Variables that the job has, by name, as the file writes them.
 */
export function pathEntry(changes: Foreign, defined: ReadonlyMap<string, string>): OutEntry {
  const paths = changes.kind === 'map' ? changes.get('paths') : changes;
  if (changes.kind === 'map')
    changes
      .get('compare_to')
      ?.leaveOut('files are compared with where the branch left its target', 'Remove it.');
  return entry(
    'path',
    list(
      (paths?.oneOrMore() ?? []).map((one) => text(patternText(one, defined), one)),
      changes,
    ),
    changes,
  );
}
