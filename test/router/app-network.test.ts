import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureAppNetwork } from '../../worker/deploy/app-network.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { testNetwork, testParts } from '../support/parts.ts';

const engine = connectEngine(testParts().dockerHost);
const network = { name: `slipway-test-${randomBytes(4).toString('hex')}`, range: testNetwork(79) };

afterEach(() => engine.removeNetwork(network.name));

describe('the network of apps', () => {
  it('is made once when several first deployments need it at one time', async () => {
    const all = Array.from({ length: 8 }, () => ensureAppNetwork(engine, network));
    const ends = await Promise.allSettled(all);
    expect(ends).toEqual(
      all.map(() => ({ status: 'fulfilled', value: testNetwork(79).replace('.0/24', '.1') })),
    );
    const found = await engine.docker.listNetworks({ filters: { name: [`^${network.name}$`] } });
    expect(found).toHaveLength(1);
  });

  it('refuses one of that name in another range', async () => {
    await ensureAppNetwork(engine, network);
    const other = { ...network, range: testNetwork(80) };
    await expect(ensureAppNetwork(engine, other)).rejects.toMatchObject({ code: 'configuration_wrong' });
  });
});
