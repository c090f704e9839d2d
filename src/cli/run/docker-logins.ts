import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { DOCKER_HUB, registryHost } from '../../core/image-name.ts';
import type { Plan } from '../../core/plan.ts';

/** Logins by `host[:port]`. */
export type Logins = Readonly<Record<string, { readonly username: string; readonly password: string }>>;

export interface DockerLogins {
  readonly logins: Logins;
  /** Why some are not used, each a sentence without a secret in it. */
  readonly left: readonly string[];
}

const HELPER_MS = 20_000;
const MOST_BYTES = 1024 * 1024;

/**
 * What this person's `docker login` has kept, for the registries that plans, and other references, are pulled from: in the file itself, or with a
 * credential helper (https://docs.docker.com/reference/cli/docker/login/#credential-stores). Where an image is built its
 * bases are not known, so that every registry of the file counts. A helper is asked for what is needed alone.
 */
export async function readDockerLogins(
  plans: readonly Plan[],
  references: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<DockerLogins> {
  const folder = environment['DOCKER_CONFIG'] || path.join(homedir(), '.docker');
  const file = path.join(folder, 'config.json');
  const config = await readConfig(file);
  if (typeof config === 'string') return { logins: {}, left: [config] };
  const logins: Record<string, Logins[string]> = {};
  const left: string[] = [];
  for (const host of hostsOf(plans, references, config)) {
    const found = await loginOf(host, config, environment);
    if (typeof found === 'string') left.push(found);
    else if (found !== null) logins[host] = found;
  }
  return { logins, left };
}

interface Config {
  /** By the host that is meant. */
  readonly auths: ReadonlyMap<string, { readonly key: string; readonly auth: string | null }>;
  readonly helpers: ReadonlyMap<string, { readonly key: string; readonly helper: string }>;
  readonly store: string | null;
}

const NOTHING: Config = { auths: new Map(), helpers: new Map(), store: null };

/** What it says, or why it cannot be read; nothing where there is none. */
async function readConfig(file: string): Promise<Config | string> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? null : error,
  );
  if (content === null) return NOTHING;
  if (typeof content !== 'string') return `${file} cannot be read (${content.code ?? content.message})`;
  if (content.length > MOST_BYTES) return `${file} is larger than is read`;
  try {
    const parsed: unknown = JSON.parse(content);
    const [auths, helpers] = [mapAt(parsed, 'auths'), mapAt(parsed, 'credHelpers')];
    return {
      auths: byHost(Object.entries(auths).map(([key, value]) => ({ key, auth: textAt(value, 'auth') }))),
      helpers: byHost(
        Object.keys(helpers).flatMap((key) => {
          const helper = textAt(helpers, key);
          return helper === null ? [] : [{ key, helper }];
        }),
      ),
      store: textAt(parsed, 'credsStore'),
    };
  } catch {
    return `${file} is no JSON`;
  }
}

function mapAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const found = isMap(value) ? value[key] : undefined;
  return isMap(found) ? found : {};
}

function textAt(value: unknown, key: string): string | null {
  const found = isMap(value) ? value[key] : undefined;
  return typeof found === 'string' && found !== '' ? found : null;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Entries by the host that their keys mean; of several the one whose key is the host's own. */
function byHost<T extends { readonly key: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const entry of entries) {
    const { host, path: below } = readKey(entry.key);
    const isHub = host === DOCKER_HUB;
    const isOwn = below === (isHub ? '/v1' : '');
    // A web login keeps its access and refresh tokens under `/v1/access-token` and `/v1/refresh-token`, beside `/v1/`.
    if (isHub && !isOwn && below !== '') continue;
    if (isOwn || !found.has(host)) found.set(host, entry);
  }
  return found;
}

/** Docker Hub has a key of its own, and old keys are addresses. */
function readKey(key: string): { readonly host: string; readonly path: string } {
  const [, host = '', below = ''] = /^(?:https?:\/\/)?([^/]*)(.*?)\/?$/s.exec(key) ?? [];
  return { host: HUB_HOSTS.has(host) ? DOCKER_HUB : host, path: below };
}

const HUB_HOSTS: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io']);

function hostsOf(plans: readonly Plan[], others: readonly string[], config: Config): readonly string[] {
  const references = plans.flatMap(({ services, steps }) => [
    ...services.map(({ image }) => image),
    ...steps.flatMap(({ image, selected }) => (image === null || !selected ? [] : [image])),
  ]);
  const builds = plans.some(({ image }) => image !== null);
  const all = builds ? [...config.auths.keys(), ...config.helpers.keys()] : [];
  return [...new Set([...references.map(registryHost), ...others.map(registryHost), ...all])].sort();
}

async function loginOf(
  host: string,
  { auths, helpers, store }: Config,
  environment: NodeJS.ProcessEnv,
): Promise<Logins[string] | string | null> {
  const [own, special] = [auths.get(host), helpers.get(host)];
  const key = special?.key ?? own?.key ?? (host === DOCKER_HUB ? 'https://index.docker.io/v1/' : host);
  const helper = special?.helper ?? store;
  if (helper !== null) {
    const found = await askHelper(helper, key, environment);
    if (found !== null) return found;
  }
  if (own?.auth == null) return null;
  const [, username, password] =
    /^([^:]+):(.+)$/s.exec(Buffer.from(own.auth, 'base64').toString('utf8')) ?? [];
  if (username === undefined || password === undefined) return `the login of ${host} is not "user:password"`;
  return { username, password: password.replace(/\0+$/, '') };
}

/** A login; why there is none, for a helper that fails; null where it knows of none. */
async function askHelper(
  helper: string,
  key: string,
  environment: NodeJS.ProcessEnv,
): Promise<Logins[string] | string | null> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) return `${program} is no name of a credential helper`;
  const child = spawn(program, ['get'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: HELPER_MS,
  });
  const failed = new Promise<string>((resolve) =>
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)),
  );
  const closed = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  child.stdin.on('error', () => undefined); // one that reads nothing says so by its end
  child.stdin.end(`${key}\n`);
  const said = text(child.stdout).catch(() => '');
  const end = await Promise.race([closed, failed]);
  if (end === 'ENOENT') return `${program}, which keeps the login of ${key}, is not on this machine`;
  if (end === 1) return null; // by the helpers' protocol: credentials not found
  if (end !== 0) return `${program} gave no login of ${key} (${end})`;
  try {
    const answer: unknown = JSON.parse(await said);
    const [username, password] = [textAt(answer, 'Username'), textAt(answer, 'Secret')];
    if (username === null || password === null) return null;
    if (username === '<token>') return `the login of ${key} is a token, which is not used here`;
    return { username, password };
  } catch {
    return `${program} answered for ${key} with no JSON`;
  }
}
