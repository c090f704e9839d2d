import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../../src/core/deployment.ts';
import { newId } from '../../../src/core/id.ts';
import { createApp, lastLines } from '../../../worker/deploy/app-container.ts';
import { ensureAppNetwork } from '../../../worker/deploy/app-network.ts';
import type { HeldApp } from '../../../worker/deploy/hold-app.ts';
import { planStart } from '../../../worker/deploy/plan-start.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { tarOf, type TarFile } from '../../../worker/engine/tar.ts';
import { busyboxImage } from '../../support/images.ts';

/** An image of a test's own and what its deployment sets. */
export interface TestedApp {
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Engine and network for containers of apps, without router and registry. */
export interface AppGround {
  readonly engine: Engine;
  /** An image of files on top of busybox, with these Dockerfile instructions; it is removed with the ground. */
  imageOf(changes: readonly string[], files?: readonly TarFile[], commands?: string): Promise<string>;
  /** An image of these files and nothing else. */
  bareImageOf(changes: readonly string[], files: readonly TarFile[]): Promise<string>;
  /** Creates the app's container to be started as it is; its id. */
  plain(app: TestedApp): Promise<string>;
  /** Creates it to be held at its start. */
  held(app: TestedApp): Promise<HeldApp>;
  log(id: string): Promise<readonly string[]>;
  /** Waits until the app's log has that many lines. */
  logged(id: string, lines: number): Promise<readonly string[]>;
  /** Waits for the end of the app; its exit code. */
  ended(id: string): Promise<number>;
  removeApps(): Promise<void>;
  remove(): Promise<void>;
}

export async function appGround(range: string): Promise<AppGround> {
  const engineHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const engine = connectEngine(engineHost);
  const busybox = await busyboxImage(engineHost);
  const network = { name: `slipway-test-${randomBytes(4).toString('hex')}`, range };
  await ensureAppNetwork(engine, network);
  const images: string[] = [];
  const apps: string[] = [];

  const create = async ({ image, command = [], env = {} }: TestedApp, isHeld: boolean) => {
    const facts = await engine.inspectImage(image);
    const settings = { command, volumes: [] };
    const { architecture } = await engine.facts();
    const start = planStart({ image: facts, settings, architecture, decided: false });
    if (start.kind !== 'held') throw new Error(JSON.stringify(start));
    const deploymentId = newId('dep');
    const id = await createApp(engine, {
      environment: {
        id: newId('env'),
        name: 'test',
        projectPath: 'shop/web',
        backend: 1,
        hosts: [],
        fence: 1,
      },
      slot: {
        index: 0,
        role: 'candidate',
        address: range.replace(/\d+\/\d+$/, String(10 + apps.length)),
        port: 8080,
        releaseId: null,
        deploymentId,
        startedBy: null,
        standbyUntilMs: null,
      },
      deploymentId,
      release: releaseOf(image, command),
      variables: env,
      secretNames: [],
      networkName: network.name,
      routerDir: network.name,
      held: isHeld ? start.words : null,
    });
    apps.push(id);
    return { id, latch: start.latch };
  };

  const log = (id: string) => lastLines(engine, id, 1_000);
  return {
    engine,
    async imageOf(changes, files = [], commands = '') {
      const container = await engine.docker.createContainer({ Image: busybox, Cmd: ['sh', '-c', commands] });
      if (files.length > 0) await engine.putArchive(container.id, '/', tarOf(files));
      if (commands !== '') {
        await container.start();
        await container.wait();
      }
      const { Id } = (await container.commit({ changes: changes.join('\n') })) as { Id: string };
      await container.remove();
      images.push(Id);
      return Id;
    },
    async bareImageOf(changes, files) {
      const [repo, tag] = ['slipway-test-bare', randomBytes(4).toString('hex')];
      const options = { repo, tag, changes: changes.join('\n') };
      await text(await engine.docker.importImage(Readable.from([tarOf(files)]), options));
      images.push(`${repo}:${tag}`);
      return `${repo}:${tag}`;
    },
    plain: async (app) => (await create(app, false)).id,
    held: (app) => create(app, true),
    log,
    async logged(id, lines) {
      for (;;) {
        const found = await log(id);
        if (found.length >= lines) return found;
        await sleep(20);
      }
    },
    ended: async (id) => ((await engine.docker.getContainer(id).wait()) as { StatusCode: number }).StatusCode,
    async removeApps() {
      for (const id of apps.splice(0)) await engine.removeContainer(id);
    },
    async remove() {
      for (const id of apps) await engine.removeContainer(id);
      for (const image of images) await engine.docker.getImage(image).remove({ force: true });
      await engine.removeNetwork(network.name);
      engine.close();
    },
  };
}

function releaseOf(image: string, command: readonly string[]): Release {
  return {
    id: newId('rel'),
    imageReference: image,
    digest: '',
    imageId: image,
    hash: '',
    buildId: newId('bld'),
    commit: '0'.repeat(40),
    settings: {
      environment: 'test',
      port: 8080,
      hosts: [],
      env: {},
      volumes: [],
      command,
      resources: { memoryBytes: 64 * 1024 ** 2, cpus: null },
      health: { path: '/', passes: 1, timeoutMs: 1_000 },
      smoke: null,
      drain: { requestsMs: 0, connectionsMs: 0 },
      standbyMs: 0,
      prepare: 'pull',
    },
  };
}
