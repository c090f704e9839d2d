import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../worker/engine/engine.ts';
import type { Outcome } from '../../worker/outcome.ts';
import { waitFor } from '../support/wait.ts';
import { ORDINARY, importBusyboxImage, sharedEngine } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';
import type { TestWorkflow, TestWorkflowEnd } from './workflow-harness.ts';

const IMAGE = 'slipway-test-steps:ordinary';
const AS_ANN = 'slipway-test-steps:ann';
const WEB = 'slipway-test-steps:web';
const HEALTHY = 'slipway-test-steps:healthy';

let engine: Engine;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
  await importBusyboxImage(engine, AS_ANN, ORDINARY, ['USER 1000:1000', 'WORKDIR /app']);
  await importBusyboxImage(engine, WEB, ORDINARY, [
    'EXPOSE 8080/tcp 9090/udp',
    'CMD ["sh", "-c", "echo starting; sleep 1; exec httpd -f -p 8080 -h /etc"]',
  ]);
  await importBusyboxImage(engine, HEALTHY, ORDINARY, [
    'HEALTHCHECK --interval=30s CMD test -f /tmp/healthy',
    'CMD ["sh", "-c", "sleep 1; touch /tmp/healthy; exec sleep 1000"]',
  ]);
});
afterAll(async () => {
  for (const image of [IMAGE, AS_ANN, WEB, HEALTHY])
    await engine.docker.getImage(image).remove({ force: true });
  engine.close();
});

/** Whatever happened: nothing is left, each log ended before its end was reported, with that length. */
async function run(test: Omit<TestWorkflow, 'image'>): Promise<TestWorkflowEnd> {
  const end = await runTestWorkflow(engine, { image: IMAGE, ...test });
  expect(end.left).toEqual([]);
  for (const [name, { logBytes }] of Object.entries(end.ends)) {
    expect(end.logs[name]?.ended).toBe(true);
    expect(logBytes).toBe(end.logs[name]?.bytes);
  }
  return end;
}

const SUCCESS: Outcome = { status: 'success', reason: null, exitCode: null };

it('runs steps one after another on one workspace, whatever their users', async () => {
  const { outcome, story, logs } = await run({
    files: { 'hello.txt': 'hello\n' },
    steps: [
      { name: 'root', commands: ['pwd', 'cat hello.txt', 'mkdir out; echo built > out/file'] },
      {
        name: 'ann',
        image: AS_ANN,
        commands: ['cat out/file', 'echo more > by-ann', 'echo changed > hello.txt'],
      },
      { name: 'last', commands: ['cat by-ann hello.txt', 'echo $CI_BUILD_NUMBER $CI_WORKSPACE'] },
    ],
  });
  expect(outcome).toEqual(SUCCESS);
  expect(story).toEqual([
    'root started',
    'root success',
    'ann started',
    'ann success',
    'last started',
    'last success',
  ]);
  expect(logs['root']?.text()).toContain('+ pwd\n/workspace\n+ cat hello.txt\nhello\n');
  expect(logs['last']?.text()).toContain('more\nchanged\n');
  expect(logs['last']?.text()).toContain('7 /workspace\n');
});

it('starts a step in the image just built where that image says', async () => {
  const { logs } = await run({
    builtImage: AS_ANN,
    steps: [{ name: 'unit', image: null, commands: ['pwd'] }],
  });
  expect(logs['unit']?.text()).toBe('+ pwd\n/app\n');
});

describe('a step that waits for its image', () => {
  const steps = [
    {
      name: 'asks',
      image: null,
      commands: ['hostname', 'wget -qO- http://web:8080/passwd >/dev/null && echo served'],
    },
    { name: 'next', image: null, commands: ['hostname', 'wget -qO- http://web:8080/passwd >/dev/null'] },
  ];
  const services = [{ name: 'web', image: WEB }];
  /** Ids of the containers that hold the networks of the two steps, once they run. */
  const networks = () =>
    waitFor('both networks are there', async () => {
      const found = await engine.docker.listContainers({ filters: { name: ['^/slipway-att_.*-network$'] } });
      return found.length === steps.length && found.map(({ Id }) => Id);
    });
  const hostOf = ({ logs }: TestWorkflowEnd, step: string) =>
    /^\+ hostname\n(\w+)\n/.exec(logs[step]?.text() ?? '')?.[1] ?? '';

  it('joins a network that was made meanwhile', async () => {
    const made = networks();
    const end = await run({ builtImage: made.then(() => IMAGE), services, steps });
    expect(end.outcome).toEqual(SUCCESS);
    expect(end.logs['asks']?.text()).toContain('served\n');
    // What shares the network shares the host's name.
    const hosts = (await made).map((id) => id.slice(0, 12));
    expect([hostOf(end, 'asks'), hostOf(end, 'next')].sort()).toEqual([...hosts].sort());
  });

  it('gets a network of its own where that is gone', async () => {
    const made = networks();
    const image = made.then(async (ids) => {
      await Promise.all(ids.map((id) => engine.removeContainer(id)));
      return IMAGE;
    });
    const end = await run({ builtImage: image, services, steps });
    expect(end.outcome).toEqual(SUCCESS);
    const hosts = (await made).map((id) => id.slice(0, 12));
    expect(hosts).not.toContain(hostOf(end, 'asks'));
  });

  it('leaves nothing when there is none', async () => {
    const { ends } = await run({ builtImage: networks().then(() => null), steps });
    expect(ends['next']).toMatchObject({ status: 'skipped', reason: 'the image was not built' });
  });
});

it('skips steps in the built image when there is none, and says why', async () => {
  const { outcome, ends } = await run({
    builtImage: null,
    steps: [{ name: 'unit', image: null }, { name: 'own' }],
  });
  expect(ends['unit']).toMatchObject({ status: 'skipped', reason: 'the image was not built' });
  expect(ends['own']?.status).toBe('success');
  expect(outcome).toEqual(SUCCESS);
});

it('runs steps that do not depend on each other side by side', async () => {
  const meet = (own: string, other: string) => [
    `touch ${own}`,
    `i=0; while [ ! -e ${other} ]; do i=$((i+1)); [ $i -lt 200 ]; sleep 0.1; done`,
  ];
  const { outcome } = await run({
    steps: [
      { name: 'a', dependsOn: [], commands: meet('a', 'b') },
      { name: 'b', dependsOn: [], commands: meet('b', 'a') },
    ],
  });
  expect(outcome).toEqual(SUCCESS);
});

it('gives secrets as environment, and fails a step whose secret is missing', async () => {
  const { outcome, logs, ends } = await run({
    secrets: { api_token: 'p4ssw0rd' },
    steps: [
      {
        name: 'has',
        environment: { TOKEN: { fromSecret: 'api_token' }, PLAIN: 'x y' },
        commands: ['echo "$TOKEN $PLAIN"'],
      },
      { name: 'lacks', environment: { TOKEN: { fromSecret: 'other' } } },
    ],
  });
  expect(logs['has']?.text('stdout')).toContain('p4ssw0rd x y\n');
  expect(ends['lacks']).toMatchObject({
    status: 'failure',
    reason: 'the secret other is not set in this project',
    code: 'secret_missing',
  });
  expect(outcome).toMatchObject({ status: 'failure' });
});

it('skips what comes after a failure, but runs what waits for one', async () => {
  const { outcome, ends, story } = await run({
    steps: [
      { name: 'breaks', commands: ['exit 3'] },
      { name: 'after' },
      { name: 'notify', runsOn: ['failure'], commands: ['echo told'] },
      { name: 'always', runsOn: ['success', 'failure'] },
    ],
  });
  expect(outcome).toEqual({
    status: 'failure',
    reason: 'step breaks: exit code 3',
    code: 'exit_code',
    exitCode: 3,
  });
  expect(ends['after']).toMatchObject({ status: 'skipped', reason: 'step breaks failed' });
  expect(ends['notify']?.status).toBe('success');
  expect(ends['always']?.status).toBe('success');
  expect(story).not.toContain('after started');
});

it('skips what waits for a failure when there is none, and what `when` left out', async () => {
  const { outcome, ends } = await run({
    steps: [{ name: 'left-out', selected: false }, { name: 'runs' }, { name: 'notify', runsOn: ['failure'] }],
  });
  expect(outcome).toEqual(SUCCESS);
  expect(ends['left-out']?.status).toBe('skipped');
  expect(ends['runs']?.status).toBe('success');
  expect(ends['notify']).toMatchObject({ status: 'skipped', reason: 'it runs only after a failure' });
});

it('goes on after a failure that is to be ignored', async () => {
  const { outcome, ends } = await run({
    steps: [{ name: 'breaks', commands: ['exit 3'], failure: 'ignore' }, { name: 'after' }],
  });
  expect(outcome).toEqual(SUCCESS);
  expect(ends['breaks']?.status).toBe('failure');
  expect(ends['after']?.status).toBe('success');
});

it('cancels what runs beside a step whose failure means cancel', async () => {
  const { outcome, ends } = await run({
    steps: [
      { name: 'breaks', dependsOn: [], failure: 'cancel', commands: ['sleep 0.5; exit 3'] },
      { name: 'beside', dependsOn: [], commands: ['sleep 60'] },
    ],
  });
  expect(ends['beside']).toMatchObject({ status: 'cancelled', reason: 'step breaks failed' });
  expect(outcome).toMatchObject({ status: 'failure', reason: 'step breaks: exit code 3' });
});

it('ends everything on a cancel: what runs, and what waits', async () => {
  const cancel = new AbortController();
  const asked: Outcome = { status: 'cancelled', reason: 'cancelled by ann', exitCode: null };
  let cancelledMs = 0;
  const { outcome, ends } = await run({
    signal: cancel.signal,
    services: [{ name: 'web', image: WEB }],
    steps: [{ name: 'long', commands: ['sleep 60'] }, { name: 'waits' }],
    onReport: (body, name) => {
      if (body.type !== 'step.started' || name !== 'long') return;
      setTimeout(() => {
        cancelledMs = Date.now();
        cancel.abort(asked);
      }, 500);
    },
  });
  expect(Date.now() - cancelledMs).toBeLessThan(4_000);
  expect(outcome).toEqual(asked);
  expect(ends['long']).toMatchObject({ status: 'cancelled', reason: 'cancelled by ann' });
  expect(ends['waits']).toMatchObject({ status: 'cancelled', reason: 'cancelled by ann' });
  expect(ends['web']?.status).toBe('success');
});

it('says which image cannot be had', async () => {
  const { outcome, ends } = await run({ steps: [{ name: 'pulls', image: '127.0.0.1:1/nowhere/none:1' }] });
  expect(ends['pulls']?.status).toBe('failure');
  expect(ends['pulls']?.reason).toMatch(/^the image 127\.0\.0\.1:1\/nowhere\/none:1 cannot be had: /);
  expect(outcome.status).toBe('failure');
});

it.each<[string, NonNullable<TestWorkflow['services']>[number]]>([
  ['its exposed port answers', { name: 'web', image: WEB }],
  [
    'its command answers 0, started by commands of the file',
    {
      name: 'web',
      commands: ['sleep 1', 'echo $GREETING', 'exec httpd -f -p 8080 -h /etc'],
      environment: { GREETING: 'starting' },
      ready: { kind: 'command', command: 'wget -qO- http://127.0.0.1:8080/passwd', timeoutMs: 10_000 },
    },
  ],
])('lets steps use a service by its name as soon as %s', async (_, service) => {
  const { outcome, story, logs } = await run({
    services: [service],
    steps: [{ name: 'asks', commands: ['wget -qO- http://web:8080/passwd'] }],
  });
  expect(outcome).toEqual(SUCCESS);
  expect(logs['asks']?.text('stdout')).toContain('root:x:0:0');
  expect(logs['web']?.text('stdout')).toContain('starting\n');
  expect(story).toEqual(['web started', 'asks started', 'asks success', 'web success']);
});

it("asks an image's HEALTHCHECK itself, without waiting for its interval", async () => {
  const startMs = Date.now();
  const { outcome } = await run({ services: [{ name: 'db', image: HEALTHY }], steps: [{ name: 'asks' }] });
  expect(outcome).toEqual(SUCCESS);
  expect(Date.now() - startMs).toBeLessThan(15_000);
});

it('fails with the service that does not get ready, and keeps its words', async () => {
  const { outcome, ends, logs } = await run({
    services: [
      {
        name: 'db',
        commands: ['echo cannot open the data folder', 'sleep 60'],
        ready: { kind: 'command', command: 'false', timeoutMs: 1_000 },
      },
    ],
    steps: [{ name: 'asks' }],
  });
  expect(outcome).toEqual({
    status: 'failure',
    reason: 'service db: it was not ready within 1 s; its log says why',
    code: 'service_not_ready',
    exitCode: null,
  });
  expect(ends['asks']?.status).toBe('skipped');
  expect(ends['db']?.status).toBe('failure');
  expect(logs['db']?.text()).toContain('cannot open the data folder\n');
});

it.each<[string, NonNullable<TestWorkflow['services']>[number], string]>([
  [
    'the exit code of its command, and what that said',
    {
      name: 'db',
      commands: ['sleep 60'],
      ready: { kind: 'command', command: 'echo no socket; exit 9', timeoutMs: 1_000 },
    },
    'It is not ready: its command `echo no socket; exit 9` ended with exit code 9.\nno socket\n',
  ],
  [
    'a command that does not end',
    { name: 'db', commands: ['sleep 60'], ready: { kind: 'command', command: 'sleep 50', timeoutMs: 1_000 } },
    'It is not ready: its command `sleep 50` has not ended.\n',
  ],
  [
    'the HEALTHCHECK of its image',
    { name: 'db', image: HEALTHY, commands: ['sleep 60'], ready: { kind: 'auto', timeoutMs: 1_000 } },
    'It is not ready: the HEALTHCHECK of its image ended with exit code 1.\n',
  ],
  [
    'the port where nothing answers',
    { name: 'db', image: WEB, commands: ['sleep 60'], ready: { kind: 'auto', timeoutMs: 1_000 } },
    'It is not ready: nothing answers at its port 8080.\n',
  ],
])('tells of a service that does not get ready %s', async (_, service, said) => {
  const { logs } = await run({ services: [service], steps: [{ name: 'asks' }] });
  expect(logs['db']?.text()).toContain(said);
});

it('fails at once with a service that ends before it is ready', async () => {
  const startMs = Date.now();
  const { outcome } = await run({
    services: [
      { name: 'db', commands: ['exit 9'], ready: { kind: 'command', command: 'false', timeoutMs: 30_000 } },
    ],
    steps: [{ name: 'asks' }],
  });
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: 'service db: it ended before it was ready (exit code 9)',
  });
  expect(Date.now() - startMs).toBeLessThan(15_000);
});

it('shows a service that ended beside the steps, which decide the outcome', async () => {
  const { outcome, ends } = await run({
    services: [{ name: 'db', commands: ['sleep 0.5; exit 9'] }],
    steps: [{ name: 'long', commands: ['sleep 2'] }],
  });
  expect(outcome).toEqual(SUCCESS);
  expect(ends['db']).toMatchObject({
    status: 'failure',
    reason: 'it ended beside the steps (exit code 9)',
    code: 'service_ended',
    exitCode: 9,
  });
});
