import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/core/problem.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { endOf, push } from '../support/builds.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { pushPayload } from '../support/github-payloads.ts';
import {
  startHostileRegistry,
  type HostileRegistry,
  type RegistryAnswer,
} from '../support/hostile-registry.ts';
import { testParts } from '../support/parts.ts';
import { residentMb } from '../support/resident-memory.ts';
import { explain } from './support/expect-build.ts';
import { deliver } from './support/happen.ts';
import { logOf, rowOf } from './support/read-build.ts';
import { tagsOf } from './support/registry.ts';
import { startWorld, type World } from './support/world.ts';

const MB = 1_000_000;

let world: World;
let registry: HostileRegistry;
let startMb: number;

beforeAll(async () => {
  registry = await startHostileRegistry();
  world = await startWorld({ capacity: 4, env: { SLIPWAY_REGISTRY: registry.host } });
  registry.target = world.system.registry.host;
  registry.answer = (method, path) => {
    const answers = rules.map((rule) => rule(method, path));
    return answers.find((answer) => answer !== 'as it is') ?? 'as it is';
  };
  startMb = await residentMb(world.system.server);
});
afterAll(async () => {
  await removeImages();
  await world?.stop();
  await registry?.close();
});

describe.concurrent('bad input', { timeout: 150_000 }, () => {
  it('a registry whose every answer is a 500, a 429 or half a body, once: nothing is lost', async ({
    expect,
  }) => {
    const name = ownName('moody');
    const repository = await world.addProject(name, shop(name));
    const spoilt = spoilOnce(name);
    const build = await endOf(world.system, await push(world.system, repository, {}), 100_000);
    expect(build.status, explain(build)).toBe('success');
    expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
    expect(spoilt()).toEqual(new Set([500, 429, 'half a body']));
    expect(await tagsOf(world.system.registryUrl, name)).toEqual([build.commit, 'main']);
    expect((await world.system.ask(hostOf(name))).text.trim()).toBe(name);
  });

  it('a registry that takes no manifest: an error that names it, no tag, no deployment', async ({
    expect,
  }) => {
    const name = ownName('full');
    const repository = await world.addProject(name, shop(name));
    rules.push((method, path) =>
      method === 'PUT' && path.startsWith(`/v2/${name}/manifests/`) ? 500 : 'as it is',
    );
    const build = await endOf(world.system, await push(world.system, repository, {}), 100_000);
    expect(build.status, explain(build)).toBe('error');
    expect(build.reason).toContain(`The registry ${registry.host} answered`);
    const end = { code: 'registry_failed', fix: CATALOGUE.registry_failed.fix };
    expect(build).toMatchObject(end);
    expect(rowOf(build, 'push')).toMatchObject({ status: 'error', ...end });
    expect(build.reason).toContain('<h1>Sorry</h1>');
    expect(rowOf(build, 'unit')).toMatchObject({ status: 'success' });
    expect(build.deployments.map(({ status }) => status)).toEqual(['skipped']);
    expect(await tagsOf(world.system.registryUrl, name)).toEqual([]);
    expect((await world.system.ask(hostOf(name))).status).toBe(404);
  });

  it('a Dockerfile that prints 100 MB: it is built, and its log is cut and says so', async ({ expect }) => {
    const repository = await world.addProject('bad/loud', {
      Dockerfile: `FROM slipway-test/busybox:1
RUN echo <run>; yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c ${100 * MB}; echo the end
`,
      'slipway.yml': 'image: {}\n',
    });
    const build = await endOf(world.system, await push(world.system, repository, {}), 100_000);
    expect(build.status, explain(build)).toBe('success');
    const log = await rawLog(rowOf(build, 'image').attempts.at(-1)?.logId ?? '');
    expect(log).toMatch(/output clipped/);
    expect(log.length).toBeGreaterThan(MB / 10);
    expect(log.length).toBeLessThan(10 * MB);
  });

  it('a repository that has vanished: its delivery says so, and the build before can be run again', async ({
    expect,
  }) => {
    const repository = await world.addProject('bad/gone', STEP);
    const { system } = world;
    const before = await endOf(system, await push(system, repository, {}));
    expect(before.status, explain(before)).toBe('success');
    const commit = repository.commit({ a: '1' });
    vanish(repository);
    const delivery = await deliver(system, 'push', pushPayload({ repository: repository.fullName, commit }));
    expect(delivery).toMatchObject({ outcome: 'failed', buildIds: [] });
    expect(delivery.reason).toContain(`The repository ${repository.cloneUrl} cannot be read`);
    const { id } = await system.api<{ id: string }>('POST', `/builds/${before.id}/rerun`);
    const again = await endOf(system, id);
    expect(again.status, explain(again)).toBe('success');
    expect(await logOf(system, again, 'unit')).toContain('tested');
  });
});

it('a huge repository: it is built as any other', { timeout: 150_000 }, async () => {
  const repository = await world.addProject('bad/huge', STEP);
  const files = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`many/${n % 50}/${n}`, `${n}\n`]),
  );
  const large = randomBytes(7 * MB).toString('latin1');
  const build = await endOf(world.system, await push(world.system, repository, { ...files, large }), 100_000);
  expect(build.status, explain(build)).toBe('success');
  expect(await logOf(world.system, build, 'unit')).toContain('1000 files');
});

it('afterwards server and worker live, and hold no more than before by the multiple that is printed', async () => {
  const { system } = world;
  expect([system.server?.exitCode, system.worker?.exitCode]).toEqual([null, null]);
  const endMb = await residentMb(system.server);
  console.info(`the server held ${startMb} MB, and then ${endMb} MB: ${(endMb / startMb).toFixed(2)} ×`);
  expect(endMb - startMb).toBeLessThan(500);
});

const STEP = {
  'slipway.yml': `steps:
  - name: unit
    image: slipway-test/busybox:1
    commands: ['echo tested; if [ -d many ]; then echo "$(find many -type f | wc -l) files"; fi']
`,
};
/** A repository whose image says its name, deployed to a host of that name. */
const shop = (name: string): Record<string, string> => ({
  Dockerfile: `FROM slipway-test/busybox:1
RUN echo <run>; mkdir /www && echo ${name} > /www/index.html
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
`,
  'slipway.yml': `image: {}
steps: [{ name: unit, commands: test -e /www/index.html }]
push: {}
deploy: { environment: production, port: 80, host: ${hostOf(name)} }
`,
});

let names = 0;
/** Another at each try. */
const ownName = (word: string): string => `bad/${word}-${(names += 1)}`;
const hostOf = (name: string): string => `${name.replace('/', '-')}.example.com`;

/** What the registry's answers are made of; the first that spoils one decides. */
const rules: HostileRegistry['answer'][] = [];

const BADLY = [500, 429, 'half a body'] as const;

/** Spoils the first answer to every request about a repository, and about what is staged for it. Returns what was answered. */
function spoilOnce(repository: string): () => ReadonlySet<RegistryAnswer> {
  const asked = new Set<string>();
  const answered = new Set<RegistryAnswer>();
  rules.push((method, path) => {
    const request = `${method} ${path.split('?')[0] ?? ''}`;
    // The engine tries its uploads again after 5 s, 10 s and so on; its part is the engine's to show.
    const isEngines = path.includes('/uploads/') || path === '/v2/';
    if (isEngines || !path.includes(`${repository}/`) || asked.has(request)) return 'as it is';
    asked.add(request);
    const answer = BADLY[asked.size % BADLY.length] ?? 500;
    answered.add(answer);
    return answer;
  });
  return () => answered;
}

function vanish(repository: HostedRepository): void {
  rmSync(repository.git('remote', 'get-url', 'origin'), { recursive: true });
}

async function rawLog(logId: string): Promise<string> {
  const headers = { authorization: `Bearer ${world.system.adminToken}` };
  return (await fetch(`${world.system.url}/api/v1/logs/${logId}/raw`, { headers })).text();
}

/** Those that deployments have pulled through the proxy. */
async function removeImages(): Promise<void> {
  const engine = connectEngine(testParts().dockerHost);
  const images = await engine.docker.listImages();
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  for (const name of names.filter((one) => one.startsWith(`${registry.host}/`)))
    await engine.docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  engine.close();
}
