import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse, number: number) => void;

/** An HTTP server that answers as a test says, whatever it is asked. */
export interface FakeRegistry {
  readonly host: string;
  /** `METHOD path` and the Authorization of each request so far. */
  readonly requests: {
    readonly line: string;
    readonly authorization: string | undefined;
    readonly atMs: number;
  }[];
  close(): Promise<void>;
}

/** `handler` gets the number of the request, from 1. */
export async function startFakeRegistry(handler: Handler): Promise<FakeRegistry> {
  const requests: FakeRegistry['requests'] = [];
  const server = http.createServer((request, response) => {
    const { authorization } = request.headers;
    requests.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, authorization, atMs: Date.now() });
    handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
