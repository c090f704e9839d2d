import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SilentRegistry {
  readonly host: string;
  close(): Promise<void>;
}

/**
 * A registry that says it is one, has nothing, and takes the first byte of an upload only: no answer comes, and nobody
 * reads on. The connection stands all the while.
 */
export async function startSilentRegistry(): Promise<SilentRegistry> {
  const server = http.createServer((request, response) => {
    if (request.method === 'GET') response.writeHead(200).end('{}');
    else if (request.method === 'HEAD') response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
