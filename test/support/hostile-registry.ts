import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a request is answered: as the registry does, not at all well, or only half. */
export type RegistryAnswer = 'as it is' | 500 | 429 | 'half a body' | 'half, then silence';

export interface HostileRegistry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** The registry that it stands before; to be set before the first request. */
  target: string;
  /** Decides for each request; everything goes through until it is set. */
  answer: (method: string, path: string) => RegistryAnswer;
  close(): Promise<void>;
}

/** A proxy before a registry that spoils its answers. */
export async function startHostileRegistry(): Promise<HostileRegistry> {
  const proxy = { target: '', answer: (): RegistryAnswer => 'as it is' } as Pick<
    HostileRegistry,
    'target' | 'answer'
  >;
  const server = http.createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const how = proxy.answer(method, url);
    if (how === 500 || how === 429) {
      request.resume();
      const again = how === 429 ? { 'retry-after': '0' } : {};
      response.writeHead(how, { 'content-type': 'text/html', ...again }).end('<h1>Sorry</h1>');
      return;
    }
    const [host, port] = proxy.target.split(':');
    const onward = http.request({ host, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      if (how === 'as it is') return void answer.pipe(response);
      const isSilent = how === 'half, then silence';
      answer.once('data', (part: Buffer) =>
        response.write(part.subarray(0, Math.ceil(part.length / 2)), () => {
          if (!isSilent) response.destroy();
        }),
      );
      if (isSilent) answer.resume();
      else answer.once('end', () => response.destroy());
      return undefined;
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
