import type Dockerode from 'dockerode';
import { expect, it } from 'vitest';
import { createNetwork, SubnetTaken } from '../../../../worker/engine/network.ts';

const SPEC = { name: 'n', subnet: '10.99.0.0/26', labels: {} };

/** An engine that refuses every network, in its own words. */
function refusing(statusCode: number, message: string): Dockerode {
  const error = Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message}`), {
    statusCode,
    json: { message },
  });
  return { createNetwork: () => Promise.reject(error) } as unknown as Dockerode;
}

it.each([
  [403, 'Pool overlaps with other one on this address space'],
  [
    403,
    'cannot create network 323b34 (br-323b34): conflicts with network 284d02 (br-284d02): networks have overlapping IPv4',
  ],
])(
  'a subnet that the engine calls taken (%i, %s) is told as such, for another to be tried',
  async (status, said) => {
    await expect(createNetwork(refusing(status, said), SPEC)).rejects.toThrow(SubnetTaken);
  },
);

it('what the engine refuses otherwise is thrown as it came', async () => {
  const refused = createNetwork(refusing(500, 'no space left on device'), SPEC);
  await expect(refused).rejects.not.toThrow(SubnetTaken);
  await expect(refused).rejects.toThrow('no space left');
});
