import type { SlotIndex, SlotRecord } from './deployment.ts';

/** What may happen to an environment's three slots. Recorded before it is done. */
export type SlotAction =
  /** A deployment takes its slot, at its first claim. A hot standby that it will bring back stays standby. */
  | {
      readonly type: 'prepare';
      readonly candidate: SlotIndex;
      readonly deploymentId: string;
      readonly releaseId: string | null;
      readonly port: number;
    }
  /** With phase `starting`: the deployment's own container takes the place of what stood in its slot. */
  | { readonly type: 'start'; readonly candidate: SlotIndex; readonly deploymentId: string }
  /** With phase `switching`: the candidate becomes live, live becomes standby, the third is empty. */
  | {
      readonly type: 'switch';
      readonly candidate: SlotIndex;
      readonly deploymentId: string;
      readonly releaseId: string;
      readonly port: number;
      readonly standbyUntilMs: number;
    }
  /** A deployment ended before `switching`. */
  | { readonly type: 'abort'; readonly candidate: SlotIndex }
  /** With phase `done` of a release that keeps no standby (`standby: 0s`): what it has drained is empty. */
  | { readonly type: 'retire' }
  /** Standbys whose time is over; only while no deployment of the environment is claimed. */
  | { readonly type: 'expire'; readonly nowMs: number }
  /** The environment goes. */
  | { readonly type: 'remove' };

/**
 * The slots after `action`; a pure function, used by the server for its record and by the deployer for the router,
 * so that both say the same. Doing the same action twice gives the same slots.
 */
export function applySlotAction(slots: readonly SlotRecord[], action: SlotAction): readonly SlotRecord[] {
  switch (action.type) {
    case 'prepare':
      return slots.map((slot) =>
        slot.index === action.candidate && (slot.role === 'empty' || slot.role === 'candidate')
          ? {
              ...slot,
              role: 'candidate',
              port: action.port,
              releaseId: action.releaseId,
              deploymentId: action.deploymentId,
              startedBy: action.deploymentId,
              standbyUntilMs: null,
            }
          : slot,
      );
    case 'start':
      return slots.map((slot) =>
        slot.index === action.candidate ? { ...slot, startedBy: action.deploymentId } : slot,
      );
    case 'switch':
      return slots.some((slot) => slot.role === 'live' && slot.deploymentId === action.deploymentId)
        ? slots
        : slots.map((slot) => switched(slot, action));
    case 'abort':
      return slots.map((slot) =>
        slot.index === action.candidate && slot.role === 'candidate' ? emptied(slot) : slot,
      );
    case 'retire':
      return slots.map((slot) => (slot.role === 'standby' ? emptied(slot) : slot));
    case 'expire':
      return slots.map((slot) =>
        slot.role === 'standby' && (slot.standbyUntilMs ?? 0) <= action.nowMs ? emptied(slot) : slot,
      );
    case 'remove':
      return slots.map(emptied);
  }
}

/**
 * The slot that a deployment of `releaseId` prepares: the hot standby when it holds that very release
 * (a switch is then all there is to do), else one that is neither live nor standby.
 */
export function chooseCandidate(slots: readonly SlotRecord[], releaseId: string | null): SlotIndex {
  const hot = slots.find((slot) => isHot(slot, releaseId));
  const free = slots.find((slot) => slot.role === 'empty') ?? slots.find((slot) => slot.role === 'candidate');
  const chosen = hot ?? free;
  if (chosen === undefined) throw new Error('an environment has one live and one standby slot at most');
  return chosen.index;
}

/** Whether the slot is a standby that runs `releaseId` already. */
export function isHot(slot: SlotRecord, releaseId: string | null): boolean {
  return releaseId !== null && slot.role === 'standby' && slot.releaseId === releaseId;
}

/**
 * The fixed address of a slot: the range's network address + 16 + 4 × backend + index.
 * The upper half of the range stays with the engine, for smoke tests and the like.
 * @param range IPv4 network of the app network, e.g. `10.89.0.0/16`.
 * @throws Error when the range's lower half has no such address.
 */
export function slotAddress(range: string, backend: number, index: SlotIndex): string {
  const [network = '', bits = ''] = range.split('/');
  const offset = 16 + 4 * backend + index;
  if (offset >= 2 ** (31 - Number(bits))) throw new Error(`${range} has no address for backend ${backend}`);
  const base = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const address = base + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

function switched(slot: SlotRecord, action: Extract<SlotAction, { type: 'switch' }>): SlotRecord {
  if (slot.index === action.candidate)
    return {
      ...slot,
      role: 'live',
      port: action.port,
      releaseId: action.releaseId,
      deploymentId: action.deploymentId,
      standbyUntilMs: null,
    };
  if (slot.role === 'live') return { ...slot, role: 'standby', standbyUntilMs: action.standbyUntilMs };
  return emptied(slot);
}

function emptied(slot: SlotRecord): SlotRecord {
  return {
    ...slot,
    role: 'empty',
    port: null,
    releaseId: null,
    deploymentId: null,
    startedBy: null,
    standbyUntilMs: null,
  };
}
