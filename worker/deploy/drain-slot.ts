import { setTimeout as sleep } from 'node:timers/promises';
import type { InFlight } from '../router/in-flight.ts';

export interface Drain {
  /** What the slot has in hand now; rejects while the router is away. */
  readonly inFlight: () => Promise<InFlight>;
  readonly cut: (what: keyof InFlight) => Promise<void>;
  readonly requestsMs: number;
  readonly connectionsMs: number;
}

/** How a drain ended: what was cut on purpose at the deadlines. */
export interface Drained {
  readonly tookMs: number;
  readonly cut: InFlight;
}

/**
 * Waits until a slot that gets no new requests has answered the old ones; past its deadline a kind is cut.
 * Done is: nothing in hand, seen twice, because a request that was being placed at the switch counts a moment later.
 */
export async function drainSlot({ inFlight, cut, requestsMs, connectionsMs }: Drain): Promise<Drained> {
  const startMs = performance.now();
  const deadlines: Readonly<Record<keyof InFlight, number>> = {
    requests: requestsMs,
    connections: connectionsMs,
  };
  const wasCut = { requests: 0, connections: 0 };
  let quiet = 0;
  for (let waitMs = 5; quiet < 2; waitMs = Math.min(waitMs * 2, 250)) {
    const now = await inFlight();
    const tookMs = performance.now() - startMs;
    quiet = now.requests + now.connections === 0 ? quiet + 1 : 0;
    for (const kind of ['requests', 'connections'] as const) {
      if (now[kind] === 0 || tookMs < deadlines[kind]) continue;
      wasCut[kind] = Math.max(wasCut[kind], now[kind]);
      await cut(kind);
    }
    if (tookMs > Math.max(requestsMs, connectionsMs) + CUTTING_MS) break;
    if (quiet < 2) await sleep(quiet === 1 ? 10 : waitMs);
  }
  return { tookMs: performance.now() - startMs, cut: wasCut };
}

/** How long HAProxy may take to end what was cut. */
const CUTTING_MS = 5_000;
