import type { SlotIndex, SlotRecord } from '../../src/core/deployment.ts';
import type { RouterEnvironment } from './state.ts';

/**
 * One server line of HAProxy. Every slot of an environment has a backend of its own, in which that slot is the
 * one to answer, so a switch is one entry of one map. In the backend of a slot stand, in this order:
 *
 * | line | address | ready | for |
 * |---|---|---|---|
 * | `main` | this slot's | while it is live or standby | requests |
 * | `long` | this slot's | the same | websockets and event streams; weight 0, chosen by rule, so that they drain apart |
 * | `spare<i>` | each other slot's | while this slot is live and that one standby | fail-over; HAProxy's `backup` |
 * | `last` | this slot's | as `main` | unchecked `backup`: when no standby is left, live is asked even if a check thinks it down |
 *
 * The side entrance has a backend of its own with the one line `candidate`.
 */
export interface ServerLine {
  readonly backend: string;
  readonly server: string;
  readonly kind: 'main' | 'long' | 'spare' | 'last' | 'candidate';
  /** The slot behind it; null for a `candidate` line without one. */
  readonly slot: SlotIndex | null;
  readonly address: string;
  readonly port: number;
  readonly ready: boolean;
}

const INDEXES: readonly SlotIndex[] = [0, 1, 2];

/** Where a line points that has nobody behind it: never answered, and always in maintenance. */
const NOWHERE = { address: '127.0.0.1', port: 1 };

/** Name of the backend in which `slot` of the environment with number `backend` answers. */
export function slotBackend(backend: number, slot: SlotIndex): string {
  return `e${backend}s${slot}`;
}

/** Name of the backend behind the side entrance. */
export function sideBackend(backend: number): string {
  return `e${backend}side`;
}

/** Every line of one environment; of backend number `backend` without an environment when that is undefined. */
export function serverLines(
  backend: number,
  environment: RouterEnvironment | undefined,
): readonly ServerLine[] {
  const slots = environment?.slots ?? [];
  const slotAt = (index: SlotIndex) => slots.find((slot) => slot.index === index);
  return [
    ...INDEXES.flatMap((index) => linesOfSlot(backend, index, slotAt)),
    candidateLine(
      backend,
      slots.find((slot) => slot.role === 'candidate'),
    ),
  ];
}

function linesOfSlot(
  backend: number,
  own: SlotIndex,
  slotAt: (index: SlotIndex) => SlotRecord | undefined,
): readonly ServerLine[] {
  const role = slotAt(own)?.role ?? 'empty';
  const serves = role === 'live' || role === 'standby';
  const line = (kind: ServerLine['kind'], server: string, slot: SlotIndex, ready: boolean): ServerLine => ({
    backend: slotBackend(backend, own),
    server,
    kind,
    slot,
    ...(ready ? placeOf(slotAt(slot)) : NOWHERE),
    ready,
  });
  return [
    line('main', 'main', own, serves),
    line('long', 'long', own, serves),
    ...INDEXES.filter((other) => other !== own).map((other) =>
      line('spare', `spare${other}`, other, role === 'live' && slotAt(other)?.role === 'standby'),
    ),
    line('last', 'last', own, serves),
  ];
}

function candidateLine(backend: number, candidate: SlotRecord | undefined): ServerLine {
  const ready = candidate !== undefined && candidate.port !== null;
  return {
    backend: sideBackend(backend),
    server: 'candidate',
    kind: 'candidate',
    slot: candidate?.index ?? null,
    ...(ready ? placeOf(candidate) : NOWHERE),
    ready,
  };
}

function placeOf(slot: SlotRecord | undefined): { address: string; port: number } {
  return { address: slot?.address ?? NOWHERE.address, port: slot?.port ?? NOWHERE.port };
}
