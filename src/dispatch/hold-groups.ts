import { groupWords } from '../core/concurrency.ts';

/** What a workflow with `concurrency` is counted with. */
export interface WorkflowGroup {
  /** Unique in its project. */
  readonly key: string;
  readonly limit: number;
}

/** A workflow that waits, or that runs or is placed. */
export interface GroupMember {
  readonly id: string;
  readonly projectId: string;
  readonly buildNumber: number;
  /** Null: it is counted with no other. */
  readonly group: WorkflowGroup | null;
}

/**
 * Tells which waiting workflows have to wait for others of their group, and why, by their ids. The older of a group goes first,
 * also while it waits for something else: none overtakes it. Ids are ordered by time. Pure.
 * @param taken Those of all groups that run or are placed.
 */
export function holdGroups<W extends GroupMember>(
  waiting: readonly W[],
  taken: readonly GroupMember[],
): ReadonlyMap<string, string> {
  const running = new Map<string, GroupMember[]>();
  for (const one of taken) if (one.group !== null) groupOf(running, one).push(one);
  const first = new Map<string, W>();
  const held = new Map<string, string>();
  const byAge = waiting.filter(({ group }) => group !== null).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const one of byAge) {
    const before = groupOf(running, one);
    const older = first.get(keyOf(one));
    const { key = '', limit = 0 } = one.group ?? {};
    if (older !== undefined) held.set(one.id, `#${older.buildNumber} is before it in ${groupWords(key)}`);
    else if (before.length < limit) before.push(one);
    else {
      first.set(keyOf(one), one);
      held.set(
        one.id,
        `${groupWords(key)} runs at most ${limit} at a time, and ${numbersOf(before)} before it`,
      );
    }
  }
  return held;
}

const keyOf = ({ projectId, group }: GroupMember): string => `${projectId} ${group?.key ?? ''}`;

function groupOf(all: Map<string, GroupMember[]>, one: GroupMember): GroupMember[] {
  const known = all.get(keyOf(one));
  if (known !== undefined) return known;
  const made: GroupMember[] = [];
  all.set(keyOf(one), made);
  return made;
}

/** Those that are before it, at most three by their builds. */
function numbersOf(members: readonly GroupMember[]): string {
  const numbers = [...new Set(members.map(({ buildNumber }) => `#${buildNumber}`))];
  const named = numbers.slice(0, 3).join(', ');
  const more = numbers.length - 3;
  return `${named}${more > 0 ? ` and ${more} more` : ''} ${numbers.length === 1 ? 'is' : 'are'}`;
}
