import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseEnvFile } from '../../config/env-file.ts';
import { SETTINGS } from '../../config/settings-table.ts';
import { isEnd } from '../../src/core/status.ts';
import type { BuildSummary, BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { dockerClient } from '../../src/parts/docker.ts';
import { findCompose } from '../../src/parts/find-compose.ts';
import { sign } from '../../src/webhooks/signature.ts';
import { APP_LABELS } from '../../worker/deploy/app-container.ts';
import { appNetworkName } from '../../worker/deploy/app-network.ts';
import { freePort } from '../router/support/router-under-test.ts';
import { startGitHost, type GitHost } from '../support/git-host.ts';
import { pushPayload } from '../support/github-payloads.ts';
import { busyboxImage, postgresImage, redisImage, registryImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

import { ownImage } from './support/own-image.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FILE = path.join(ROOT, 'compose.yml');
const run = promisify(execFile);
const compose = findCompose();
const APPS = `label=${APP_LABELS.router}=/var/lib/slipway-router`;

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

describe('compose.yml', () => {
  it('sets nothing that Slipway does not know, and asks for nothing that env.example does not tell', async () => {
    const text = await readFile(FILE, 'utf8');
    const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
    const known = Object.values(SETTINGS).flatMap(({ name }) => [name, `${name}_FILE`]);
    for (const name of ['server', 'worker', 'router'])
      for (const variable of Object.keys(services[name]?.environment ?? {}))
        expect(known, `${name}: ${variable}`).toContain(variable);
    const { entries, badLines } = parseEnvFile(await readFile(path.join(ROOT, 'env.example'), 'utf8'));
    expect(badLines).toEqual([]);
    const told = entries.map(([name]) => name);
    const needed = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name);
    for (const name of needed) expect(told, `${name} has neither a default nor an example`).toContain(name);
    for (const service of Object.values(services)) expect(service['restart']).toBe('unless-stopped');
  });

  // Whoever asks for all of it is not to take what was left out for what went well.
  it.runIf(process.env['SLIPWAY_SELF'] === 'whole')('is tried by `npm run self`', () => {
    expect(compose, 'neither docker-compose nor `docker compose` is on this machine').not.toBeNull();
  });
});

/*
 * `npm run self`: all of it comes up from images of this machine, a push
 * becomes an image in its registry and a deployment behind its router, and `down -v` leaves nothing.
 */
describe.runIf((process.env['SLIPWAY_SELF'] ?? '') !== '' && compose !== null)(
  'a team by compose.yml',
  () => {
    const project = `slipway-team-${process.pid}`;
    let place: string;
    let host: GitHost;
    const ports = { server: 0, router: 0, redis: 0, postgres: 0, registry: 0 };
    const at = (name: string): string => path.join(place, name);
    const engine = () => testParts().dockerHost;
    const docker = async (...args: string[]): Promise<string> =>
      (await run(dockerClient(), ['--host', engine(), ...args], { maxBuffer: 2 ** 24 })).stdout.trim();
    const team = async (...args: string[]): Promise<string> => {
      const files = ['--file', FILE, '--file', at('local.yml'), '--env-file', at('env')];
      const all = ['--project-name', project, '--project-directory', place, ...files, ...args];
      // Its plugins may be this user's own.
      const DOCKER_CONFIG = process.env['DOCKER_CONFIG'] ?? path.join(homedir(), '.docker');
      const env = { PATH: process.env['PATH'], HOME: place, DOCKER_CONFIG, DOCKER_HOST: engine() };
      const [program = '', ...first] = compose ?? [];
      return (await run(program, [...first, ...all], { env, maxBuffer: 2 ** 24 })).stdout;
    };

    beforeAll(async () => {
      place = await mkdtemp(path.join(tmpdir(), 'slipway-team-'));
      await chmod(place, 0o755);
      host = await startGitHost();
      for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
      const [redis, postgres, registry] = await Promise.all([
        redisImage(engine()),
        postgresImage(engine()),
        registryImage(engine()),
        busyboxImage(engine()),
      ]);
      const socket = new URL(engine()).pathname;
      const environment = {
        SLIPWAY_IMAGE: await ownImage(engine(), place),
        SLIPWAY_URL: `http://127.0.0.1:${ports.server}`,
        SLIPWAY_SERVER_URL: `http://127.0.0.1:${ports.server}`,
        SLIPWAY_LISTEN: `127.0.0.1:${ports.server}`,
        SLIPWAY_ROUTER_BIND: `127.0.0.1:${ports.router}`,
        SLIPWAY_BUILD_NETWORKS: testParts().buildNetworks,
        SLIPWAY_APP_NETWORK: testParts().appNetwork,
        SLIPWAY_WORKER_NAME: 'team',
        SLIPWAY_SECRETS: at('secrets'),
        SLIPWAY_CERTIFICATES: at('certificates'),
        DOCKER_SOCKET: socket,
        DOCKER_GID: statSync(socket).gid,
        REDIS_PORT: ports.redis,
        POSTGRES_PORT: ports.postgres,
        REGISTRY_PORT: ports.registry,
        SLIPWAY_REGISTRY: `127.0.0.1:${ports.registry}`,
        REDIS_IMAGE: redis,
        POSTGRES_IMAGE: postgres,
        REGISTRY_IMAGE: registry,
      };
      const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(at('env'), lines.join(''));
      // The images of this machine have the programs of the official ones, not their entry points.
      const registryConfig = `version: 0.1\nstorage: { delete: { enabled: true }, filesystem: { rootdirectory: /var/lib/registry } }\nhttp: { addr: ':5000' }\n`;
      await writeFile(at('registry.yml'), registryConfig);
      await writeFile(
        at('local.yml'),
        `version: "3.4"
services:
  registry:
    entrypoint: ["registry", "serve", "/registry.yml"]
    volumes: ["${at('registry.yml')}:/registry.yml:ro"]
`,
      );
      const secrets = {
        PATH: process.env['PATH'],
        POSTGRES_PORT: String(ports.postgres),
        REDIS_PORT: String(ports.redis),
      };
      await run('sh', [path.join(ROOT, 'packaging/make-secrets.sh'), at('secrets')], { env: secrets });
      await writeFile(
        at('secrets/database-url'),
        `postgres://postgres@127.0.0.1:${ports.postgres}/postgres\n`,
      );
    }, 900_000);
    afterAll(async () => {
      await team('down', '--volumes', '--timeout', '30').catch(() => '');
      const apps = (await docker('ps', '--all', '--quiet', '--filter', APPS)).split('\n').filter(Boolean);
      if (apps.length > 0) await docker('rm', '--force', '--volumes', ...apps);
      await docker('network', 'rm', appNetworkName(testParts().appNetwork)).catch(() => '');
      for (const image of ['slipway-test/slipway:1', 'slipway-test/built:1'])
        await docker('rmi', '--force', image).catch(() => '');
      await host.close();
      await rm(place, { recursive: true, force: true });
    }, 300_000);

    it('takes a push to an image in its registry and to its router, and goes without a trace', async () => {
      const services = await team('config', '--services');
      expect(services.trim().split('\n').sort()).toEqual([
        'postgres',
        'redis',
        'registry',
        'router',
        'server',
        'worker',
      ]);
      await team('up', '--detach');
      const url = `http://127.0.0.1:${ports.server}`;
      await waitFor('the server answers', async () => (await fetch(`${url}/healthz`)).ok, 180_000);
      const inside = (...args: string[]) => team('exec', '-T', 'server', ...args);
      const token = (await inside('cat', '/var/lib/slipway/admin-token')).trim();
      const api = async <T>(method: string, target: string, body?: unknown): Promise<T> => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
        const answer = await fetch(`${url}/api/v1${target}`, init);
        if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${await answer.text()}`);
        return (await answer.json()) as T;
      };
      const added = await api<{ token: string }>('POST', '/workers/tokens', {
        name: 'team',
        routers: ['local'],
      });
      await chmod(at('secrets/worker-token'), 0o644);
      await writeFile(at('secrets/worker-token'), added.token);
      await team('restart', 'worker');

      const repository = host.create('shop/web');
      const commit = repository.commit({
        Dockerfile: `FROM slipway-test/busybox:1\nRUN mkdir /www && echo from the team > /www/index.html\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n`,
        'slipway.yml': `steps:\n  - { name: look, commands: [cat /www/index.html] }\npush: { tags: [one] }\ndeploy:\n  - { environment: production, host: shop.test, port: 8080, smoke: { commands: ['wget -qO- "$SLIPWAY_CANDIDATE_URL"'] } }\n`,
      });
      await api('POST', '/projects', { cloneUrl: repository.cloneUrl });
      const payload = pushPayload({ repository: 'shop/web', commit, branch: 'main', message: 'a push' });
      const body = JSON.stringify(payload);
      const secret = (await readFile(at('secrets/webhook-secrets'), 'utf8')).trim();
      const delivered = await fetch(`${url}/webhooks/github`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'push',
          'x-github-delivery': 'team-1',
          'x-hub-signature-256': sign(body, secret),
        },
      });
      expect(delivered.status).toBe(202);
      const build = await waitFor(
        'the build and its deployment have ended',
        async () => {
          const [one] = (await api<Page<BuildSummary>>('GET', '/builds')).items;
          if (one === undefined) return false;
          const view = await api<BuildView>('GET', `/builds/${one.id}`);
          return isEnd(view.status) && view.deployments.every(({ status }) => isEnd(status)) && view;
        },
        600_000,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${(await team('logs', '--tail', '30')).slice(-6_000)}`);
      });
      expect([build.status, ...build.deployments.map(({ status }) => status)]).toEqual([
        'success',
        'success',
      ]);
      const tags: unknown = await (
        await fetch(`http://127.0.0.1:${ports.registry}/v2/shop/web/tags/list`)
      ).json();
      expect(tags).toEqual({ name: 'shop/web', tags: ['one'] });
      expect(await askRouter()).toBe('from the team\n');

      await team('down', '--volumes', '--timeout', '30');
      const label = `label=com.docker.compose.project=${project}`;
      expect(await docker('ps', '--all', '--quiet', '--filter', label)).toBe('');
      expect(await docker('volume', 'ls', '--quiet', '--filter', label)).toBe('');
      expect(await docker('network', 'ls', '--quiet', '--filter', label)).toBe('');
      // Apps outlive Slipway by design.
      expect(await docker('ps', '--all', '--quiet', '--filter', APPS)).not.toBe('');
    }, 1_500_000);

    async function askRouter(): Promise<string> {
      const args = ['--silent', '--header', 'Host: shop.test', `http://127.0.0.1:${ports.router}/`];
      return (await run('curl', args)).stdout;
    }
  },
);
