import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';

/** Outcomes, in the order in which they are written. */
const OUTCOMES = ['success', 'failure'] as const;
const OF_ALL = 'a workflow says it for all its conditions';

/** What a workflow begins with. */
export interface Beginning {
  /** Its conditions, without what they say of outcomes. */
  readonly when: readonly OutEntry[];
  readonly runsOn: OutEntry | null;
}

/** Which outcomes of what it waits for let a workflow run: `runs_on` or, of newer files, `status` of its conditions. */
export function readRunsOn(root: Foreign, when: readonly OutEntry[]): Beginning {
  const waits = (root.get('depends_on')?.oneOrMore().length ?? 0) > 0;
  const runsOn = root.get('runs_on');
  const written = runsOn === undefined ? [] : outcomesOf(runsOn);
  const [condition] = when.filter(({ key }) => key === 'when');
  const status = condition === undefined ? null : statusOf(condition.value, waits);
  const isFailure = status?.value.includes('failure') === true;
  if (isFailure && !status?.value.includes('success') && written.length === 0)
    status.from.changes(
      'Woodpecker runs it after success, too, though its documentation does not say so',
      'Write `runs_on: [success, failure]`, if that is what you want.',
    );
  const said = isFailure ? [...written, ...status.value] : written;
  const outcomes = OUTCOMES.filter((one) => said.includes(one));
  const from = runsOn ?? status?.from ?? null;
  return {
    when: when.flatMap((one) => {
      const value = one.key === 'when' ? withoutStatus(one.value) : one.value;
      return value === null ? [] : [entry(one.key, value, one.from)];
    }),
    runsOn:
      outcomes.length === 0
        ? null
        : entry(
            'runs_on',
            list(
              outcomes.map((one) => text(one)),
              from,
            ),
            from,
          ),
  };
}

/** What is none is noted. */
function outcomesOf(runsOn: Foreign): readonly string[] {
  const all = runsOn.oneOrMore();
  if (all.length === 0) runsOn.needs('it is empty');
  return all.flatMap((one) => {
    const name = one.text() ?? '';
    if (OUTCOMES.some((outcome) => outcome === name)) return [name];
    one.leaveOut(
      `\`${name.slice(0, 40)}\` is no outcome, there either, where a workflow with nothing else never runs`,
      'Write `runs_on: [success, failure]` to run it however those before it ended.',
    );
    return [];
  });
}

/** What all conditions say; null, and noted, where they differ. */
function statusOf(
  when: Out,
  waits: boolean,
): { readonly value: readonly string[]; readonly from: Foreign } | null {
  const all = conditionsIn(when).map((one) => one.find(({ key }) => key === 'status'));
  const [first] = all.filter((one) => one !== undefined);
  if (first?.from == null) return null;
  const saidOf = (one: OutEntry | undefined): readonly string[] => {
    const said = one?.value.kind === 'list' ? one.value.items : [];
    const names = said.flatMap((each) => (each.kind === 'text' ? [each.value] : []));
    return names.length === 0 ? ['success'] : OUTCOMES.filter((outcome) => names.includes(outcome));
  };
  const said = saidOf(first);
  const isSame = all.every((one) => saidOf(one).join() === said.join());
  if (isSame && waits) return { value: said, from: first.from };
  for (const from of new Set(all.flatMap((one) => one?.from ?? [])))
    if (waits) from.leaveOut(OF_ALL, 'Write `runs_on` beside `depends_on`.');
    else from.needs('the workflow waits for none');
  return null;
}

function conditionsIn(value: Out): readonly (readonly OutEntry[])[] {
  if (value.kind === 'list') return value.items.flatMap(conditionsIn);
  return value.kind === 'map' ? [value.entries] : [];
}

/** Null where a condition is left that asks for nothing: it always holds. */
function withoutStatus(value: Out): Out | null {
  if (value.kind === 'list') {
    const items = value.items.map(withoutStatus);
    return items.includes(null)
      ? null
      : list(
          items.filter((one) => one !== null),
          value.from,
        );
  }
  if (value.kind !== 'map' || !value.entries.some(({ key }) => key === 'status')) return value;
  const left = value.entries.filter(({ key }) => key !== 'status');
  return left.length === 0 ? null : map(left, value.from);
}
