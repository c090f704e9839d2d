import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PartsSettings } from '../../config/settings.ts';
import { fail, ok, warn, type Check } from './check.ts';

export interface ServerCheckOptions {
  readonly settings: Pick<PartsSettings, 'listen' | 'tls' | 'url' | 'dataDir'>;
  /** Admin token to ask with; null: the one in the data folder, if there is one. */
  readonly token: string | null;
}

/** Asks the server where it listens, past any proxy; one that speaks HTTPS by the name in its certificate. */
export function checkServer({ settings, token }: ServerCheckOptions): Check {
  const url = settings.tls === null ? urlOf(settings.listen) : (settings.url ?? '');
  return {
    name: 'server',
    run: async (signal) => {
      const health = await fetch(`${url}/healthz`, { signal }).catch((error: Error) => error);
      if (health instanceof Error)
        return fail(
          `${url} does not answer${whyNot(health)}`,
          'Start it: `npm start`; else read server.log in the data folder.',
        );
      const body = (await health.json().catch(() => null)) as { ok?: unknown } | null;
      if (body?.ok !== true)
        return fail(
          `what answers at ${url} is no Slipway server`,
          'Name the right address with SLIPWAY_LISTEN.',
        );
      const version = await askVersion(url, token ?? (await keptToken(settings.dataDir)), signal);
      const says = `${url} answers, version ${version ?? 'not told without an admin token'}`;
      const ready = await fetch(`${url}/readyz`, { signal });
      const { notReady = [] } = (await ready.json()) as { notReady?: readonly string[] };
      return notReady.length === 0
        ? ok(says)
        : warn(`${says}; it waits for ${notReady.join(', ')}`, 'See what the other lines say about that.');
    },
  };
}

/** What a refused certificate is refused for; nothing for a server that is not there. */
function whyNot({ cause }: Error): string {
  const { code = '', message = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  return /CERT|SSL|TLS|SIGNATURE/.test(code) ? ` as it should: ${message}` : '';
}

/** From `GET /metrics`. */
async function askVersion(url: string, token: string, signal: AbortSignal): Promise<string | null> {
  if (token === '') return null;
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` }, signal });
  return /^slipway_info\{version="([^"]+)"\}/m.exec(await answer.text())?.[1] ?? null;
}

async function keptToken(dataDir: string): Promise<string> {
  return (await readFile(path.join(dataDir, 'admin-token'), 'utf8').catch(() => '')).trim();
}

function urlOf({ host, port }: PartsSettings['listen']): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
