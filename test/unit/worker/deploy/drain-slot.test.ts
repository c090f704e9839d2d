import { describe, expect, it } from 'vitest';
import { drainSlot } from '../../../../worker/deploy/drain-slot.ts';

/** A slot that has this in hand, look by look; what is cut is gone. */
function slot(looks: readonly { requests: number; connections: number }[]) {
  let look = 0;
  const gone = { requests: false, connections: false };
  return {
    looks: () => look,
    gone,
    inFlight: async () => {
      const now = looks[Math.min(look++, looks.length - 1)] ?? { requests: 0, connections: 0 };
      return {
        requests: gone.requests ? 0 : now.requests,
        connections: gone.connections ? 0 : now.connections,
      };
    },
    cut: async (what: 'requests' | 'connections') => void (gone[what] = true),
  };
}

describe('a drain', () => {
  it('ends when nothing was in hand twice, and cuts nothing', async () => {
    const busy = slot([
      { requests: 2, connections: 0 },
      { requests: 0, connections: 0 },
      { requests: 1, connections: 0 },
      { requests: 0, connections: 0 },
    ]);
    const drained = await drainSlot({ ...busy, requestsMs: 5_000, connectionsMs: 5_000 });
    expect(drained.cut).toEqual({ requests: 0, connections: 0 });
    expect(busy.looks()).toBe(5);
  });

  it('cuts requests at their deadline and leaves long connections until theirs', async () => {
    const busy = slot([{ requests: 3, connections: 2 }]);
    const drained = await drainSlot({ ...busy, requestsMs: 40, connectionsMs: 150 });
    expect(drained.cut).toEqual({ requests: 3, connections: 2 });
    expect(drained.tookMs).toBeGreaterThanOrEqual(150);
  });

  it('does not cut long connections that end before their deadline', async () => {
    const busy = slot([
      { requests: 0, connections: 1 },
      { requests: 0, connections: 0 },
    ]);
    const drained = await drainSlot({ ...busy, requestsMs: 0, connectionsMs: 5_000 });
    expect(drained.cut).toEqual({ requests: 0, connections: 0 });
    expect(busy.gone.connections).toBe(false);
  });
});
