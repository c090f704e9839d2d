import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_ROUTER, readPartsSettings, type PartsSettings } from '../../config/settings.ts';
import { Problem } from '../../src/core/problem.ts';
import { openDataFolder } from '../../src/files/open-data-folder.ts';
import { ensureParts, type EnsuredParts } from '../../src/parts/ensure-parts.ts';
import type { PartLife } from '../../src/parts/part.ts';
import { ensureRouter, routerPid } from '../../src/parts/router.ts';
import { prepareRouterFiles } from '../../worker/router/prepare-files.ts';
import { trustAuthorities } from '../../src/tls/trust-authorities.ts';
import { connectApi, type Api } from './api.ts';
import { demandFree } from './demand-free.ts';
import { runProcess, type Running } from './run-process.ts';
import { startApps } from './stop-installation.ts';
import { webhookSecrets } from './webhook-secrets.ts';
import { workerName } from './worker-name.ts';
import { workerToken } from './worker-token.ts';

export interface InstallationOptions {
  /** As the operator's: what it names is used. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Life of engine and registry; the router has its own in any case. */
  readonly life: PartLife;
  readonly say: (sentence: string) => void;
  /** Ends the start before its next step, as a failure of that would. */
  readonly signal?: AbortSignal;
}

/** Slipway as it runs on one machine: parts, router, server, one worker. */
export interface Installation {
  readonly dataDir: string;
  readonly url: string;
  /** Where the router takes public traffic, e.g. `http://127.0.0.1:8080`. */
  readonly routerUrl: string;
  readonly routerDir: string;
  readonly parts: EnsuredParts;
  readonly api: Api;
  /** The newest secret that a webhook may be signed with. */
  readonly webhookSecret: string;
  /** File with the token that signs an admin in. */
  readonly adminTokenFile: string;
  /** Ends worker, server and what ends with them; apps, router, registry and engine live on if theirs is `own`. */
  stop(): Promise<void>;
}

/**
 * Starts what does not run yet, in the order in which each needs the one before it.
 * @throws Problem, with nothing of this start left running but the router.
 */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { say, environment, signal } = options;
  const settings = readPartsSettings(environment);
  const { dataDir } = settings;
  trustAuthorities(settings.caBundle);
  await openDataFolder(dataDir);
  await demandFree(settings.listen, 'SLIPWAY_LISTEN');
  const isRouterUp = (await routerPid(settings.router.dir)) !== null;
  if (!isRouterUp) await demandFree(settings.router.bind, 'SLIPWAY_ROUTER_BIND', { mayLackRight: true });
  if (!isRouterUp && settings.router.tls !== null)
    await demandFree(settings.router.tls.bind, 'SLIPWAY_ROUTER_TLS_BIND', { mayLackRight: true });
  const parts = await ensureParts(settings, options);
  const apps = await startApps(parts.dockerHost, dataDir);
  if (apps > 0) say(`started ${apps === 1 ? 'one app' : `${apps} apps`} again`);
  const started: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const process of started.reverse()) await process.stop();
    await parts.stop();
  };
  try {
    signal?.throwIfAborted();
    const { dir: routerDir, bind, tls } = settings.router;
    const router = await ensureRouter({
      dir: routerDir,
      image: parts.routerImage,
      prepare: async () => {
        const wrong = await prepareRouterFiles(settings.router);
        if (wrong !== null) say(`${wrong.message} The router goes on with those that it took before.`);
      },
    });
    const from = parts.routerImage === undefined ? '' : ` from the image ${parts.routerImage.name}`;
    if (router.started) say(`started the router${from}`);
    const own = ownUrl(settings);
    const url = settings.url ?? own;
    const secret = await webhookSecrets(dataDir, environment);
    const routerName = settings.routerName ?? DEFAULT_ROUTER;
    const common = {
      ...environment,
      SLIPWAY_DATA: dataDir,
      DOCKER_HOST: parts.dockerHost,
      REDIS_URL: parts.redisUrl,
      SLIPWAY_REGISTRY: parts.registry.host,
      SLIPWAY_REGISTRY_INSECURE: parts.registry.insecure ? '1' : '0',
      SLIPWAY_ROUTER_NAME: routerName,
      SLIPWAY_HELPER: parts.helper ?? undefined,
    };
    signal?.throwIfAborted();
    started.push(
      await runProcess({
        name: 'server',
        program: 'src/main',
        dir: dataDir,
        env: { ...common, SLIPWAY_URL: url, ...secret.env },
        isReady: async () => (await fetch(`${own}/healthz`).catch(() => null))?.ok === true,
        say,
      }),
    );
    say('started the server');
    const adminTokenFile = path.join(dataDir, 'admin-token');
    const api = connectApi(own, await readToken(adminTokenFile));
    await demandGoodToken(api, adminTokenFile);
    const name = workerName(dataDir);
    signal?.throwIfAborted();
    started.push(
      await runProcess({
        name: 'worker',
        program: 'worker/main',
        dir: dataDir,
        env: {
          ...common,
          SLIPWAY_SERVER_URL: own,
          SLIPWAY_WORKER_NAME: name,
          SLIPWAY_WORKER_TOKEN: await workerToken(dataDir, { name, router: routerName }, api),
        },
        isReady: () => isConnected(api, name),
        say,
      }),
    );
    say('started a worker');
    const at = tls?.bind ?? bind;
    const routerUrl = `${tls === null ? 'http' : 'https'}://${reachable(at.host)}:${at.port}`;
    const webhookSecret = secret.newest;
    return { dataDir, url, routerUrl, routerDir, parts, api, webhookSecret, adminTokenFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readToken(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim();
}

/** @throws Problem `token_file_wrong`. */
async function demandGoodToken(api: Api, file: string): Promise<void> {
  await api.ask('GET', '/session').catch((error: unknown) => {
    const isRefused = error instanceof Error && error.message.startsWith('GET /session: 401');
    throw isRefused ? new Problem('token_file_wrong', { file }, { cause: error }) : error;
  });
}

async function isConnected(api: Api, name: string): Promise<boolean> {
  const { items } = await api.ask<{ items: { name: string; connected: boolean }[] }>('GET', '/workers');
  return items.some((worker) => worker.name === name && worker.connected);
}

const hostOf = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** An address that a browser on this machine can open, for one to listen on. */
const reachable = (host: string): string => (['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : hostOf(host));

/** Where worker and `npm start` reach the server: one that speaks HTTPS by the name in its certificate. */
const ownUrl = ({ tls, url, listen }: PartsSettings): string =>
  tls !== null && url !== null ? url : `http://${reachable(listen.host)}:${listen.port}`;
