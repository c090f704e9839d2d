import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isEnd } from '../../src/core/status.ts';
import type { BuildSummary, BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { ensureRouter, stopRouter } from '../../src/parts/router.ts';
import { prepareRouter } from '../../worker/router/open-router.ts';
import { endOf, push } from '../support/builds.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { explain } from './support/expect-build.ts';
import { logOf } from './support/read-build.ts';
import { untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const HOST = 'backed-up.example.com';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

it('brings history, logs, secrets and router state into a fresh place, from a backup taken while a build ran', async () => {
  const { system } = world;
  const repository = await world.addProject('backed/up', FILES, { token: 'a secret that outlives' });
  const first = await endOf(system, await push(system, repository, {}));
  expect(first.status, explain(first)).toBe('success');
  expect(first.deployments.map(({ status }) => status)).toEqual(['success']);
  const said = await logOf(system, first, 'say');
  const running = await push(system, repository, { 'slipway.yml': LONG });
  await untilSaid(system, running, 'long', 'line 20');

  const copy = path.join(system.dir, 'copy');
  await slipway('backup', copy);
  const seen = (await logOf(system, await system.api<BuildView>('GET', `/builds/${running}`), 'long')).split(
    '\n',
  ).length;
  expect(seen).toBeGreaterThan(20);
  await expect(slipway('restore', copy)).rejects.toMatchObject({
    stderr: expect.stringContaining('Another server') as string,
  });

  // The machine is lost: only the copy, the registry's images and what runs in the engine are left.
  for (const child of [system.worker, system.server]) {
    child?.kill('SIGKILL');
    if (child !== null) await once(child, 'exit');
  }
  await stopRouter(routerDir());
  await rename(path.join(system.dir, 'data'), path.join(system.dir, 'lost-data'));
  await rename(routerDir(), path.join(system.dir, 'lost-router'));
  await slipway('restore', copy);
  const binds = [`127.0.0.1:${new URL(system.routerUrl).port}`];
  await ensureRouter({
    dir: routerDir(),
    prepare: () => prepareRouter(routerDir(), { binds, backends: 16 }),
  });
  expect((await system.ask(HOST)).text.trim()).toBe('an app');

  await system.startServer();
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
  expect(items.map(({ id }) => id)).toEqual([running, first.id]);
  const before = await system.api<BuildView>('GET', `/builds/${first.id}`);
  expect(before.status).toBe('success');
  expect(await logOf(system, before, 'say')).toBe(said);
  expect(said).toContain('of 22 bytes: ********');

  await system.startWorker();
  const lost = await untilBuild(system, running, 'ends', ({ status }) => isEnd(status), 60_000);
  expect(lost.status, explain(lost)).toBe('error');
  expect((await logOf(system, lost, 'long')).split('\n')).toEqual(
    expect.arrayContaining(['line 1', 'line 20']),
  );
  const next = await endOf(
    system,
    await push(system, repository, { 'slipway.yml': FILES['slipway.yml'] }),
    90_000,
  );
  expect(next.status, explain(next)).toBe('success');
  expect(await logOf(system, next, 'say')).toContain('of 22 bytes: ********');
  expect(next.deployments.map(({ status }) => status)).toEqual(['success']);
  expect((await system.ask(HOST)).text.trim()).toBe('an app');
}, 240_000);

const FILES = {
  Dockerfile: `FROM slipway-test/busybox:1
RUN mkdir /www; echo an app > /www/index.html; echo <run> > /run-of
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
`,
  'slipway.yml': `image: {}
steps:
  - name: say
    image: slipway-test/busybox:1
    environment: { TOKEN: { from_secret: token } }
    commands: ['echo "of \${#TOKEN} bytes: $TOKEN"']
push: {}
deploy: { environment: production, port: 80, host: ${HOST} }
`,
};
const LONG = `steps:
  - name: long
    image: slipway-test/busybox:1
    commands: ['n=0; while true; do n=$((n+1)); echo line $n; sleep 0.05; done']
`;

const routerDir = (): string => path.join(world.system.dir, 'router');

function slipway(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = {
    ...nodeEnvironment(),
    SLIPWAY_DATA: path.join(world.system.dir, 'data'),
    SLIPWAY_ROUTER_DIR: routerDir(),
  };
  return promisify(execFile)(process.execPath, [PROGRAM, ...args], { env });
}
