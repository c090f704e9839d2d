import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HeldRegistry {
  readonly host: string;
  /**
   * Resolves when the next delete in that repository has come; it goes on to the registry when the function is called
   * that it resolves with.
   */
  holdDelete(repository: string): Promise<() => void>;
  close(): Promise<void>;
}

/** A proxy before the registry at `target` that can hold a delete on its way. */
export async function startHeldRegistry(target: string): Promise<HeldRegistry> {
  let held: { readonly repository: string; readonly told: (release: () => void) => void } | null = null;
  const server = http.createServer((request, response) => {
    const forward = (): void => {
      const onward = http.request(
        { host: '127.0.0.1', port: Number(target.split(':')[1]), ...asked(request) },
        (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers)),
      );
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    };
    const isHeld = request.method === 'DELETE' && request.url?.startsWith(`/v2/${held?.repository ?? ''}/`);
    if (held === null || isHeld !== true) return forward();
    const { told } = held;
    held = null;
    told(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdDelete: (repository) => new Promise((told) => (held = { repository, told })),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function asked({ method, url, headers }: http.IncomingMessage): http.RequestOptions {
  return { method, path: url, headers };
}
