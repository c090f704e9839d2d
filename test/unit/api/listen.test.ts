import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { listen } from '../../../src/api/listen.ts';

const taken = createServer();
const server = createServer();
afterEach(() => {
  taken.close();
  server.close();
});

it('names the address and its setting where something listens already', async () => {
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(listen(server, { host: '127.0.0.1', port }, 'SLIPWAY_LISTEN')).rejects.toMatchObject({
    code: 'address_taken',
    message: `127.0.0.1:${port} is in use by another program.`,
    details: { setting: 'SLIPWAY_LISTEN' },
  });
});

it('says that an address is not of this machine', async () => {
  // RFC 5737: for documents, on no machine.
  await expect(listen(server, { host: '192.0.2.1', port: 80 }, 'SLIPWAY_LISTEN')).rejects.toMatchObject({
    code: 'address_taken',
    message: '192.0.2.1:80 is no address of this machine.',
  });
});
