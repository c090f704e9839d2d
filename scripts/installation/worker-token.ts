import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Api } from './api.ts';

/** The worker beside a server. */
export interface OwnWorker {
  readonly name: string;
  readonly router: string;
}

/**
 * The worker's token, made by way of the API and kept in `worker-token` of the data folder, where only this user may
 * read it. One that the server made for another router, or for another database, is replaced.
 */
export async function workerToken(dataDir: string, { name, router }: OwnWorker, api: Api): Promise<string> {
  const file = path.join(dataDir, 'worker-token');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept !== '' && (await isFor(router, name, api))) return kept;
  const { token } = await api.ask<{ token: string }>('POST', '/workers/tokens', { name, routers: [router] });
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}

async function isFor(router: string, name: string, api: Api): Promise<boolean> {
  const { items } = await api.ask<{ items: { name: string; tokenRouters: string[] }[] }>('GET', '/workers');
  return items.some((worker) => worker.name === name && worker.tokenRouters.includes(router));
}
