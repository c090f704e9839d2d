import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { endOf, push } from '../support/builds.ts';
import { filesWith } from '../support/files-with.ts';
import { nodeImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import { startSlipway } from '../support/slipway-command.ts';
import { waitFor } from '../support/wait.ts';
import { environmentOf, explain } from './support/expect-build.ts';
import { attemptOf, linesOf, rowsOf } from './support/read-build.ts';
import { contentOf } from './support/registry.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const SECRETS = {
  token: 'p@ss w/rd "quoted" + 100% $HOME é',
  key: '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----',
};

/** Every form in which a value may come out; of base64 what is the same whatever stands before and after. */
const FORMS = Object.values(SECRETS).flatMap((value) => [
  value,
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
  ...[0, 1, 2].map((before) => {
    const encoded = Buffer.from('.'.repeat(before) + value).toString('base64');
    return encoded.slice(before === 0 ? 0 : 4, -4);
  }),
]);

let world: World;
let running: BuildView;
let ended: BuildView;
let inspected: readonly string[];
let whileRunning: readonly string[];

beforeAll(async () => {
  await nodeImage();
  world = await startWorld();
  const repository = await world.addProject('secrets/everywhere', FILES, SECRETS);
  const id = await push(world.system, repository, {});
  running = await untilSaid(world.system, id, 'leak', 'all is said');
  inspected = await inspectContainers();
  whileRunning = filesWith(FORMS, world.system.dir);
  ended = await endOf(world.system, id);
});
afterAll(() => world?.stop());

describe('a secret', () => {
  it('is used by step, service, image and app', async () => {
    expect(ended.status, explain(ended)).toBe('success');
    expect(ended.deployments.map(({ status }) => status)).toEqual(['success']);
    expect((await world.system.ask('secrets.example.com', '/length')).text.trim()).toBe(
      String(Buffer.byteLength(SECRETS.token)),
    );
  });

  it('is masked on screen, in the download and in what is followed live, however it is printed', async () => {
    for (const { name } of rowsOf(ended)) {
      const logId = attemptOf(ended, name)?.logId ?? '';
      const screen = (await linesOf(world.system, logId)).map(({ text }) => `${text}\n`).join('');
      const download = await rawLog(logId);
      expect(download, `download of ${name}`).toBe(screen);
      expect(formsIn(download), `log of ${name}`).toEqual([]);
      expect(formsIn(await followed(logId)), `stream of ${name}`).toEqual([]);
    }
    const said = await rawLog(attemptOf(ended, 'leak')?.logId ?? '');
    expect(said.match(/\*{8}/g)?.length).toBeGreaterThanOrEqual(10);
    expect(said).toContain('in pieces: ********\n');
  });

  it("is masked in a deployment's log and in the app's own", async () => {
    const smoked = await rawLog(ended.deployments[0]?.logId ?? '');
    expect(smoked).toContain('smoked with ********');
    expect(formsIn(smoked)).toEqual([]);
    const { slots } = await environmentOf(world.system, ended.projectId, 'production');
    const logId = slots.find(({ role }) => role === 'live')?.logId ?? '';
    const app = await waitFor('the app has said it', async () => {
      const text = await rawLog(logId);
      return text.includes('serving with') ? text : null;
    });
    expect(app).toContain('serving with ********');
    expect(formsIn(app)).toEqual([]);
  });

  it('is in no container of the build but the service that was given it', () => {
    expect(inspected.length).toBeGreaterThanOrEqual(3);
    expect(inspected.filter((text) => formsIn(text).length > 0).map(nameOf)).toEqual(['given']);
  });

  it('is in no layer, no history and no manifest of the image', async () => {
    const { repository = '', digest = '' } = ended.pushed ?? {};
    const name = repository.slice(world.system.registry.host.length + 1);
    const content = Buffer.from(await contentOf(world.system.registry.url, name, digest), 'latin1');
    expect(content.toString('latin1')).toContain('fingerprint');
    expect(FORMS.filter((form) => content.includes(form))).toEqual([]);
  });

  it("is in no file of server, worker, Redis, router or registry: record, spool, checkout, log and queue's history", () => {
    expect(filesWith(['/steps/leak.mjs', 'all is said'], world.system.dir)).not.toEqual([]);
    expect(whileRunning).toEqual([]);
    expect(filesWith(FORMS, world.system.dir)).toEqual([]);
  });

  it('is told by no answer of the API', async () => {
    const targets = [
      '/projects',
      `/projects/${ended.projectId}`,
      `/builds/${ended.id}`,
      `/builds/${ended.id}/replay`,
      '/environments',
      '/deliveries',
    ];
    for (const target of targets)
      expect(formsIn(JSON.stringify(await world.system.api('GET', target))), target).toEqual([]);
    expect(formsIn(JSON.stringify(running))).toEqual([]);
  });
});

describe('a replay of the build', () => {
  it('runs its steps again in the image that was pushed, with secrets that are given here, and is told to nobody', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'slipway-replay-test-'));
    const file = path.join(folder, 'secrets');
    writeFileSync(file, `token='${SECRETS.token}'\nkey="${SECRETS.key}"\n`);
    const { dockerHost, buildNetworks } = testParts();
    const env = {
      SLIPWAY_URL: world.system.url,
      SLIPWAY_TOKEN: world.system.adminToken,
      DOCKER_HOST: dockerHost,
      SLIPWAY_BUILD_NETWORKS: buildNetworks,
      XDG_CACHE_HOME: folder,
      DOCKER_CONFIG: folder,
    };
    const name = `secrets/everywhere#${ended.number}`;
    const asked = await startSlipway(['replay', name, '--plain'], env).ended;
    expect(asked).toMatchObject({ status: 2 });
    expect(asked.stderr).toContain('the run needs the secrets ');
    const { status, stdout, stderr } = await startSlipway(
      ['replay', name, '--plain', '--secret-file', file],
      env,
    ).ended;
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain(
      `The image is the one of the build, ${ended.pushed?.repository}@${ended.pushed?.digest}.`,
    );
    expect(stdout).toMatch(/^other +\| none for given others$/m);
    expect(stdout).toMatch(/^leak +\| in pieces: \*{8}$/m);
    expect(formsIn(stdout + stderr)).toEqual([]);
    const builds = await world.system.api<Page<BuildView>>('GET', '/builds');
    expect(builds.items.map(({ number }) => number)).toEqual([ended.number]);
    expect(readdirSync(tmpdir()).filter((one) => /^slipway-replay-[^t]/.test(one))).toEqual([]);
    rmSync(folder, { recursive: true });
    await expect(world.system.api('GET', '/builds/bld_none/replay')).rejects.toThrow();
  });
});

const FILES = {
  Dockerfile: `FROM slipway-test/busybox:1
RUN --mount=type=secret,id=token sha256sum < /run/secrets/token > /fingerprint; echo <run>; cat /run/secrets/token
RUN printf '%s\\n' 'echo "serving with $TOKEN"; mkdir /www; printf %s "$TOKEN" | wc -c > /www/length; exec httpd -f -p 80 -h /www' > /serve.sh
CMD ["sh", "/serve.sh"]
`,
  'slipway.yml': `image: { secrets: [token] }
services:
  given:
    image: slipway-test/busybox:1
    environment: { TOKEN: { from_secret: token } }
    commands: [echo "given $TOKEN", sleep 3600]
steps:
  - name: leak
    image: slipway-test/node:24
    environment: { TOKEN: { from_secret: token }, KEY: { from_secret: key } }
    commands: [echo "in a command $TOKEN", node steps/leak.mjs]
  - name: other
    image: slipway-test/busybox:1
    commands: echo "none for given \${TOKEN-others}"
push: {}
deploy:
  environment: production
  port: 80
  host: secrets.example.com
  env: { TOKEN: { from_secret: token } }
  health: /length
  smoke: { commands: echo "smoked with $TOKEN" }
`,
  'steps/leak.mjs': `import { setTimeout as sleep } from 'node:timers/promises';
const { TOKEN, KEY } = process.env;
for (const value of [TOKEN, KEY]) {
  console.log('raw:', value);
  for (const before of ['', '.', '..']) console.log('base64:', Buffer.from(before + value + 'x').toString('base64'));
  console.log('url:', encodeURIComponent(value));
  console.log('json:', JSON.stringify({ value }));
}
console.error('error:', TOKEN, KEY);
await sleep(100);
process.stdout.write('in pieces: ');
for (const byte of Buffer.from(TOKEN)) {
  process.stdout.write(Buffer.of(byte));
  await sleep(12);
}
process.stdout.write('\\n');
process.stdout.write('half: ' + TOKEN.slice(0, 9));
await sleep(300);
console.log(TOKEN.slice(9));
console.log('all is said');
await sleep(2500);
`,
};

function formsIn(text: string): readonly string[] {
  return FORMS.filter((form) => text.includes(form) || text.includes(JSON.stringify(form).slice(1, -1)));
}

async function inspectContainers(): Promise<readonly string[]> {
  const engine = connectEngine(testParts().dockerHost);
  const { containers } = await engine.listOwned([`${LABELS.worker}=${world.system.workerName}`]);
  const found = await Promise.all(containers.map(({ id }) => engine.docker.getContainer(id).inspect()));
  engine.close();
  return found.map((one) => JSON.stringify(one));
}

function nameOf(inspect: string): string | undefined {
  const { Config } = JSON.parse(inspect) as { Config: { Labels: Record<string, string> } };
  return Config.Labels[LABELS.step];
}

async function rawLog(logId: string): Promise<string> {
  const headers = { authorization: `Bearer ${world.system.adminToken}` };
  return (await fetch(`${world.system.url}/api/v1/logs/${logId}/raw`, { headers })).text();
}

/** What a page gets that follows a log from its beginning. */
async function followed(logId: string): Promise<string> {
  const headers = { authorization: `Bearer ${world.system.adminToken}` };
  const response = await fetch(`${world.system.url}/api/v1/stream?log=${logId}:0`, { headers });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString('utf8');
    if (text.includes('"sealed":true')) break;
  }
  return text;
}
