import type { EnvironmentView } from '../src/core/views/environment-view.ts';
import type { SlotRole } from '../src/core/deployment.ts';

export type SlotView = EnvironmentView['slots'][number];

/** The page's words for a slot by its role (docs/glossary.md): blue is live, green is what stands beside it. */
export const SLOT_WORDS: Readonly<
  Record<SlotRole, { readonly name: string; readonly colour: string | null }>
> = {
  live: { name: 'Live', colour: 'blue' },
  standby: { name: 'Standby', colour: 'green' },
  candidate: { name: 'Candidate', colour: 'green' },
  empty: { name: 'Empty', colour: null },
};

const ORDER: readonly SlotRole[] = ['live', 'candidate', 'standby', 'empty'];

/** Slots as a reader asks for them: what is live, what comes, what can come back. */
export function byRole(slots: readonly SlotView[]): readonly SlotView[] {
  return slots.toSorted((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || a.index - b.index);
}
