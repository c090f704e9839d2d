import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way from the apps' network through the router's side entrance to one candidate, open while its smoke test runs. */
export interface CandidateDoor {
  /** e.g. `http://10.212.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the door on the host's address on the apps' network. The candidate gets every request under its public host. */
export async function openCandidateDoor(
  sideSocket: string,
  name: string,
  address: string,
): Promise<CandidateDoor> {
  const server = http.createServer((request, response) => {
    const onward = http.request({
      socketPath: sideSocket,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, host: name },
      agent: false,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    request.pipe(onward);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
