import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Dockerode from 'dockerode';
import type { Engine } from '../../../../worker/engine/engine.ts';
import { ImageRemovals } from '../../../../worker/engine/image-removals.ts';

/** An engine whose image calls answer as a test says: for what a real one does only when something is broken. */
export interface FakeEngine {
  readonly docker: Dockerode;
  readonly removeImage: Engine['removeImage'];
  /** `METHOD path` of each request so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** `onPush` answers pushes (from 1), `inspect` is the answer to each inspection; the rest is granted. */
export async function startFakeEngine(answers: {
  readonly inspect: object;
  readonly onPush: (response: http.ServerResponse, number: number) => void;
}): Promise<FakeEngine> {
  const requests: string[] = [];
  let pushes = 0;
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    requests.push(`${request.method ?? ''} ${path}`);
    request.resume();
    if (path.endsWith('/push')) answers.onPush(response, ++pushes);
    else if (path.endsWith('/json')) response.writeHead(200).end(JSON.stringify(answers.inspect));
    else response.writeHead(request.method === 'DELETE' ? 200 : 201).end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const docker = new Dockerode({ protocol: 'http', host: '127.0.0.1', port });
  const images = new ImageRemovals(docker);
  return {
    docker,
    removeImage: (name) => images.remove(name),
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
