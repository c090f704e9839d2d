import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { newId } from '../../../src/core/id.ts';
import type { Release } from '../../../src/core/deployment.ts';
import type { DeployPlan } from '../../../src/core/plan.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { openRegistry } from '../../../src/registry/registry.ts';
import type { AppNetwork } from '../../../worker/deploy/app-network.ts';
import { listApps } from '../../../worker/deploy/app-container.ts';
import type { DeployTools } from '../../../worker/deploy/run-deployment.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { tarOf } from '../../../worker/engine/tar.ts';
import { nodeImage } from '../../support/images.ts';
import { testParts } from '../../support/parts.ts';
import { startRouterUnderTest, type RouterUnderTest } from './router-under-test.ts';

export const HOST = 'shop.test';
export const PORT = 8080;

/** Engine, router and a network of apps of one test file, and an image in the run's registry. */
export interface DeployWorld {
  readonly engine: Engine;
  readonly engineHost: string;
  readonly under: RouterUnderTest;
  readonly network: AppNetwork;
  readonly tools: DeployTools;
  /** Forgets the local name of the pushed image, so that the next deployment pulls it. */
  forgetImage(): Promise<void>;
  /** A release of the one image, that answers with its name. */
  release(name: string, settings?: Partial<DeployPlan>): Release;
  /** Pushes the one image with other Dockerfile instructions, and no command: what a release names of it. */
  pushVariant(changes: readonly string[]): Promise<Pick<Release, 'imageReference' | 'digest' | 'imageId'>>;
  remove(): Promise<void>;
}

export async function startDeployWorld(
  range: string,
  engineHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
): Promise<DeployWorld> {
  const engine = connectEngine(engineHost);
  // The run's, so that the layers travel once and not once a file.
  const { registryHost } = testParts();
  const under = await startRouterUnderTest();
  const node = await nodeImage(engine.host);
  const image = await pushApp(engine, registryHost, node);
  const variants: string[] = [];
  const network = { name: `slipway-test-${randomBytes(4).toString('hex')}`, range };
  const reference = `${registryHost}/shop/web@${image.digest}`;
  return {
    engine,
    engineHost,
    under,
    network,
    tools: {
      engine,
      router: under.router,
      workerName: 'test',
      network,
      clock: systemClock,
      active: new Set(),
      sealLog: async () => undefined,
    },
    forgetImage: async () =>
      void (await engine.docker
        .getImage(reference)
        .remove()
        .catch(() => undefined)),
    release: (name, settings = {}) => ({
      id: newId('rel'),
      imageReference: reference,
      digest: image.digest,
      imageId: image.imageId,
      hash: name,
      buildId: newId('bld'),
      commit: '0'.repeat(40),
      settings: planOf(name, settings),
    }),
    async pushVariant(changes) {
      // An ENTRYPOINT in a Dockerfile takes the base image's CMD away.
      const dockerfile = [`FROM ${node}`, 'ENTRYPOINT []', ...changes].join('\n');
      const variant = `slipway-test-variant:${randomBytes(4).toString('hex')}`;
      const context = tarOf([{ name: 'Dockerfile', mode: 0o644, bytes: Buffer.from(dockerfile) }]);
      await text(await engine.docker.buildImage(Readable.from([context]), { t: variant }));
      variants.push(variant);
      const { digest, imageId } = await pushApp(engine, registryHost, variant);
      return { imageReference: `${registryHost}/shop/web@${digest}`, digest, imageId };
    },
    async remove() {
      for (const app of await listApps(engine, under.dir)) await engine.removeContainer(app.id);
      await engine.removeNetwork(network.name);
      for (const variant of variants) await engine.docker.getImage(variant).remove({ force: true });
      await engine.docker
        .getImage(reference)
        .remove()
        .catch(() => undefined);
      await under.remove();
      engine.close();
    },
  };
}

async function pushApp(engine: Engine, registryHost: string, image: string) {
  const local = engine.docker.getImage(image);
  const name = `${registryHost}/shop/web`;
  await local.tag({ repo: name, tag: 'one' });
  const stream = await engine.docker
    .getImage(`${name}:one`)
    .push({ authconfig: { username: '', password: '' } });
  let digest = '';
  for await (const chunk of stream) digest = /sha256:[0-9a-f]{64} size/.exec(String(chunk))?.[0] ?? digest;
  await engine.docker.getImage(`${name}:one`).remove();
  digest = digest.replace(' size', '');
  const registryClient = openRegistry({ host: registryHost, insecure: true, credentials: null });
  const manifest = await registryClient.getManifest('shop/web', digest);
  return { digest, imageId: manifest?.config?.digest ?? '' };
}

function planOf(name: string, settings: Partial<DeployPlan>): DeployPlan {
  const { env, ...rest } = settings;
  return {
    environment: 'production',
    port: PORT,
    hosts: [HOST],
    env: { VERSION: name, ...env },
    volumes: [],
    command: ['node', '-e', APP],
    resources: { memoryBytes: 256 * 1024 * 1024, cpus: null },
    health: { path: '/healthz', passes: 2, timeoutMs: 20_000 },
    smoke: null,
    drain: { requestsMs: 5_000, connectionsMs: 5_000 },
    standbyMs: 600_000,
    prepare: 'pull',
    ...rest,
  };
}

/**
 * Answers every request with VERSION; `/slow` after 200 ms, `/slow?<n>` after n ms. An upgrade is echoed byte by byte.
 * It ends at once when it is asked to, whatever it has in hand. HEALTH: status of its health page; CRASH: ends at once.
 */
const APP = `
const http = require('node:http');
const { VERSION, HEALTH = '200', CRASH, TOKEN } = process.env;
if (CRASH) { console.log('reading the settings'); console.error('boom: no database'); process.exit(3); }
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const answer = () => {
      response.setHeader('x-app', VERSION);
      response.setHeader('x-token', TOKEN ?? '');
      response.statusCode = request.url === '/healthz' ? Number(HEALTH) : 200;
      response.end(request.url === '/host' ? request.headers.host : VERSION);
    };
    const [path, ms = '200'] = request.url.split('?');
    if (path === '/slow') setTimeout(answer, Number(ms)); else answer();
  });
});
server.on('upgrade', (request, socket) => {
  const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
  socket.write([...head, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'X-App: ' + VERSION, '', ''].join('\\r\\n'));
  socket.pipe(socket);
  socket.on('error', () => socket.destroy());
});
server.listen(${PORT}, () => console.log('listening as ' + VERSION));
process.on('SIGTERM', () => process.exit(0));
`;
