import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../../worker/engine/engine.ts';
import type { OwnedThing } from '../../../worker/engine/list-owned.ts';
import { reapLeftovers } from '../../../worker/steps/reap-leftovers.ts';
import { clearLeftovers } from '../../../worker/workflow/clear-leftovers.ts';

/** What stands in the engine under the worker's name: containers, a lease each. */
let standing: Set<string>;
let checkouts: string;
beforeEach(async () => {
  standing = new Set(['dead', 'alive']);
  checkouts = await mkdtemp(path.join(tmpdir(), 'slipway-checkouts-'));
  for (const lease of standing) await mkdir(path.join(checkouts, lease));
});
afterEach(() => rm(checkouts, { recursive: true }));

const engine = {
  listOwned: async () => ({
    containers: [...standing].map((lease): OwnedThing => ({ id: lease, labels: { 'slipway.lease': lease } })),
    networks: [],
    volumes: [],
  }),
  listUnlabelledVolumes: async () => [],
  removeContainer: async (id: string) => void standing.delete(id),
  docker: { listImages: async () => [] },
} as unknown as Engine;

const isLeaseAlive = (lease: string): boolean => lease === 'alive';

async function remove(holdsName: () => Promise<boolean>): Promise<number> {
  const owner = { isLeaseAlive, holdsName };
  return (await reapLeftovers(engine, 'ada', owner)) + (await clearLeftovers(engine, checkouts, owner));
}

describe('what earlier processes of a worker left', () => {
  it('goes when this one holds the name', async () => {
    expect(await remove(async () => true)).toBe(2);
    expect([...standing]).toEqual(['alive']);
    expect(await readdir(checkouts)).toEqual(['alive']);
  });

  it("stays when another one does: it may be that one's", async () => {
    expect(await remove(async () => false)).toBe(0);
    expect([...standing]).toEqual(['dead', 'alive']);
    expect(await readdir(checkouts)).toEqual(['alive', 'dead']);
  });

  it('is what stood there before the server was asked: what a successor begins in that moment is not touched', async () => {
    const begins = (act: () => unknown) => ({
      isLeaseAlive,
      holdsName: async () => {
        await act();
        return true;
      },
    });
    await reapLeftovers(
      engine,
      'ada',
      begins(() => standing.add('successor')),
    );
    expect([...standing]).toEqual(['alive', 'successor']);
    await clearLeftovers(
      engine,
      checkouts,
      begins(() => mkdir(path.join(checkouts, 'successor'))),
    );
    expect(await readdir(checkouts)).toEqual(['alive', 'successor']);
  });

  it('is not asked about when there is nothing', async () => {
    standing.delete('dead');
    await rm(path.join(checkouts, 'dead'), { recursive: true });
    expect(await remove(() => Promise.reject(new Error('was asked')))).toBe(0);
  });
});
