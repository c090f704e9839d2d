import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';

/** Of jobs with one name one runs at a time, in all pipelines of the project. */
export interface ResourceGroup {
  readonly from: Foreign;
  /** With variables of ours; empty where it depends on what no build knows when it is planned. */
  readonly name: string;
}

/** `concurrency` of the workflow that all jobs become; with several groups it is one group of its own, which keeps them all. */
export function resourceGroups(groups: readonly ResourceGroup[]): OutEntry | null {
  const [first] = groups;
  if (first === undefined) return null;
  for (const { from } of groups)
    from.changes(
      'a whole build waits for the one before, and not this step alone',
      'Move the step into a workflow of its own.',
    );
  const { from, name } = first;
  const isOne = name.trim() !== '' && groups.every((one) => one.name === name);
  if (!isOne) return entry('concurrency', '1', from);
  return entry(
    'concurrency',
    map([entry('limit', '1'), entry('group', text(name.slice(0, 256), from))], from),
    from,
  );
}
