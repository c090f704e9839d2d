import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotIndex, SlotRecord, SlotRole } from '../../../src/core/deployment.ts';
import { applySlotAction, chooseCandidate, slotAddress, type SlotAction } from '../../../src/core/slots.ts';

const EMPTY: readonly SlotRecord[] = ([0, 1, 2] as const).map((index) => ({
  index,
  role: 'empty',
  address: `10.0.0.${index}`,
  port: null,
  releaseId: null,
  deploymentId: null,
  startedBy: null,
  standbyUntilMs: null,
}));

/** What an environment may go through: deployments and rollbacks that end or are aborted, and expiries. */
const history = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('deploy' as const),
      release: fc.nat(4),
      ends: fc.boolean(),
      restarts: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('expire' as const), after: fc.nat(200) }),
    fc.record({ kind: fc.constant('retire' as const) }),
  ),
  { maxLength: 30 },
);

type Step =
  /** `restarts`: a hot standby is not fit, and its release is started again. */
  | { kind: 'deploy'; release: number; ends: boolean; restarts: boolean }
  | { kind: 'expire'; after: number }
  | { kind: 'retire' };

interface Told {
  readonly slots: readonly SlotRecord[];
  readonly candidate: SlotIndex;
  readonly before: readonly SlotRecord[];
}

/** Plays a history; calls back after each action of a deployment. */
function play(
  steps: readonly Step[],
  onStep: (told: Told, action: SlotAction) => void,
): readonly SlotRecord[] {
  let slots = EMPTY;
  steps.forEach((step, nowMs) => {
    if (step.kind === 'expire') {
      slots = applySlotAction(slots, { type: 'expire', nowMs: nowMs + step.after });
      return;
    }
    if (step.kind === 'retire') {
      slots = applySlotAction(slots, { type: 'retire' });
      expect(count(slots, 'standby')).toBe(0);
      return;
    }
    const releaseId = `rel_${step.release}`;
    const candidate = chooseCandidate(slots, releaseId);
    const about = { candidate, deploymentId: `dep_${nowMs}`, releaseId, port: 80 };
    const isWarm = slots[candidate]?.role === 'standby' && !step.restarts;
    const actions: SlotAction[] = [
      { type: 'prepare', ...about },
      ...(isWarm ? [] : [{ type: 'start' as const, ...about }]),
      step.ends ? { type: 'switch', ...about, standbyUntilMs: nowMs + 100 } : { type: 'abort', candidate },
    ];
    for (const action of actions) {
      const before = slots;
      slots = applySlotAction(before, action);
      onStep({ slots, candidate, before }, action);
    }
  });
  return slots;
}

const indexOf = (slots: readonly SlotRecord[], role: SlotRole) =>
  slots.find((slot) => slot.role === role)?.index;
const count = (slots: readonly SlotRecord[], role: SlotRole) =>
  slots.filter((slot) => slot.role === role).length;

describe('the slots of an environment, whatever happens to it,', () => {
  it('have one live, one standby and one candidate at most, and a live one for ever after the first switch', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let switched = false;
        play(steps, ({ slots }, action) => {
          switched ||= action.type === 'switch';
          expect(count(slots, 'live')).toBe(switched ? 1 : 0);
          expect(count(slots, 'standby')).toBeLessThanOrEqual(1);
          expect(count(slots, 'candidate')).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  it('keep live and standby while a candidate is prepared or aborted', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, ({ slots, before }, action) => {
          if (action.type === 'switch') return;
          for (const role of ['live', 'standby'] as const)
            expect(indexOf(slots, role)).toBe(indexOf(before, role));
        });
      }),
    );
  });

  it('make the old live the standby at a switch, and the candidate live', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, ({ slots, before, candidate }, action) => {
          if (action.type !== 'switch') return;
          expect(indexOf(slots, 'live')).toBe(candidate);
          expect(indexOf(slots, 'standby')).toBe(indexOf(before, 'live'));
        });
      }),
    );
  });

  it('know whose container stands in each, through every switch to a hot standby', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const containers = new Map<number, string>();
        play(steps, ({ slots, candidate }, action) => {
          if (action.type === 'start') containers.set(candidate, action.deploymentId);
          for (const slot of slots)
            if (slot.role === 'live' || slot.role === 'standby')
              expect(slot.startedBy).toBe(containers.get(slot.index));
            else if (slot.role === 'empty') expect(slot.startedBy).toBeNull();
        });
      }),
    );
  });

  it('are the same when an action comes twice', () => {
    fc.assert(
      fc.property(history, (steps) => {
        play(steps, ({ slots }, action) => {
          const later = action.type === 'switch' ? { ...action, standbyUntilMs: 10_000 } : action;
          expect(applySlotAction(slots, later)).toEqual(slots);
        });
      }),
    );
  });

  it('never change their addresses', () => {
    fc.assert(
      fc.property(history, (steps) => {
        expect(play(steps, () => undefined).map(({ address }) => address)).toEqual(
          EMPTY.map(({ address }) => address),
        );
      }),
    );
  });
});

describe('the choice of a slot', () => {
  it('never evicts live or a standby with another release', () => {
    fc.assert(
      fc.property(history, fc.nat(5), (steps, release) => {
        const slots = play(steps, () => undefined);
        const chosen = slots[chooseCandidate(slots, `rel_${release}`)];
        expect(chosen?.role).not.toBe('live');
        if (chosen?.role === 'standby') expect(chosen.releaseId).toBe(`rel_${release}`);
      }),
    );
  });

  it('is the hot standby when that runs the release already', () => {
    const slots = EMPTY.map((slot) =>
      slot.index === 1 ? { ...slot, role: 'standby' as const, releaseId: 'rel_1' } : slot,
    );
    expect(chooseCandidate(slots, 'rel_1')).toBe(1);
    expect(chooseCandidate(slots, 'rel_2')).toBe(0);
  });
});

describe('the address of a slot', () => {
  it('is its own for every backend and index', () => {
    const addresses = Array.from({ length: 256 }, (_, backend) =>
      ([0, 1, 2] as const).map((index) => slotAddress('10.212.0.0/16', backend, index)),
    ).flat();
    expect(new Set(addresses).size).toBe(768);
    expect(addresses[0]).toBe('10.212.0.16');
    expect(addresses.at(-1)).toBe('10.212.4.14');
  });

  it('is refused where the range ends', () => {
    expect(slotAddress('10.0.0.0/24', 27, 2)).toBe('10.0.0.126');
    expect(() => slotAddress('10.0.0.0/24', 28, 0)).toThrow('10.0.0.0/24 has no address for backend 28');
  });
});
