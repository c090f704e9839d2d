import type { SlotIndex } from '../../src/core/deployment.ts';
import type { RuntimeClient } from './runtime-client.ts';
import { serverLines } from './server-lines.ts';

/** What a slot has in hand at this moment. */
export interface InFlight {
  /** Requests that it answers. */
  readonly requests: number;
  /** Websockets and event streams. */
  readonly connections: number;
}

/** One server line's counters, of `show stat`. */
export interface LineCounters {
  /** `scur`: sessions now. */
  readonly now: number;
  /** `stot`: sessions since HAProxy started. */
  readonly total: number;
  /** e.g. `UP`, `DOWN`, `MAINT`, `no check`. */
  readonly status: string;
}

/** Counters of every line of one HAProxy backend, by server name. */
export async function readCounters(
  client: RuntimeClient,
  backend: string,
): Promise<ReadonlyMap<string, LineCounters>> {
  return parseCounters(await client.ask(`show stat ${backend} 4 -1`));
}

/** CSV of `show stat`; the columns are found by the names in its first line. */
export function parseCounters(text: string): ReadonlyMap<string, LineCounters> {
  const [header, ...rows] = text.split('\n');
  if (header?.startsWith('# pxname,') !== true)
    throw new Error(`show stat answered ${JSON.stringify(text.slice(0, 80))}`);
  const names = header.slice(2).split(',');
  const counters = new Map<string, LineCounters>();
  for (const row of rows) {
    if (row === '') continue;
    const values = row.split(',');
    const value = (name: string) => values[names.indexOf(name)] ?? '';
    counters.set(value('svname'), {
      now: Number(value('scur')),
      total: Number(value('stot')),
      status: value('status'),
    });
  }
  return counters;
}

/** What `slot` of the environment with number `backend` has in hand, over every line that leads to it. */
export async function readInFlight(
  client: RuntimeClient,
  backend: number,
  slot: SlotIndex,
): Promise<InFlight> {
  let requests = 0;
  let connections = 0;
  for (const { name, lines } of linesTo(backend, slot)) {
    const counters = await readCounters(client, name);
    for (const { server, kind } of lines) {
      const now = counters.get(server)?.now ?? 0;
      if (kind === 'long') connections += now;
      else requests += now;
    }
  }
  return { requests, connections };
}

/** Ends, on purpose, what `slot` has in hand: its requests, its long connections, or both. */
export async function cutInFlight(
  client: RuntimeClient,
  backend: number,
  slot: SlotIndex,
  what: 'requests' | 'connections',
): Promise<void> {
  for (const { name, lines } of linesTo(backend, slot))
    for (const { server, kind } of lines)
      if ((kind === 'long') === (what === 'connections'))
        await client.tell(`shutdown sessions server ${name}/${server}`);
}

function linesTo(backend: number, slot: SlotIndex) {
  const ofSlot = serverLines(backend, undefined).filter((line) => line.slot === slot);
  return [...Map.groupBy(ofSlot, (line) => line.backend)].map(([name, lines]) => ({ name, lines }));
}
