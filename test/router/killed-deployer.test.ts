import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentPhase } from '../../src/core/deployment.ts';
import type { ReportBody } from '../../src/core/work.ts';
import { lastLines, listApps } from '../../worker/deploy/app-container.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { testNetwork } from '../support/parts.ts';
import { HOST, startDeployWorld, type DeployWorld } from './support/deploy-world.ts';
import { FakeRecord, type FakeDeployment } from './support/fake-record.ts';
import { startPublicLoad, type PublicLoad } from './support/public-load.ts';

/** What is killed: the deployer right after the server's answer came, or before it got it. */
type Moment = 'answered' | 'recorded';

const PHASES_TOLD: readonly DeploymentPhase[] = [
  'pulling',
  'starting',
  'checking',
  'smoking',
  'prepared',
  'switching',
  'draining',
  'done',
];

const random = seededRandom();
/** Which phases are hit at which moment; over many runs each is at both. */
const shift = random.next() < 0.5 ? 0 : 1;
let world: DeployWorld;
let record: FakeRecord;
let load: PublicLoad;
let number = 0;

beforeAll(async () => {
  world = await startDeployWorld(testNetwork(78));
  record = new FakeRecord(world.network.range);
  await runToEnd(record.begin(world.release('v0')));
  const pauseMs = 10;
  load = startPublicLoad({
    port: world.under.port,
    host: HOST,
    clients: 4,
    websockets: 0,
    pauseMs,
    paths: ['/', '/slow'],
  });
});
afterAll(async () => {
  await load?.stop();
  await world?.remove();
});

describe('a deployer that is killed with -9', () => {
  it.each(
    PHASES_TOLD.map((phase, turn) => ({
      phase,
      // After the answer to the last of them there is nothing left to be hit in.
      moment: phase !== 'done' && turn % 2 === shift ? ('answered' as const) : ('recorded' as const),
    })),
  )('at $phase, $moment, is resumed to a whole switch', async ({ phase, moment }) => {
    const version = `v${++number}`;
    const smoke = { commands: ['wget -qO- $SLIPWAY_CANDIDATE_URL/'], timeoutMs: 20_000 };
    const deployment = record.begin(world.release(version, phase === 'smoking' ? { smoke } : {}));
    await runUntilKilled(deployment, phase, moment);
    expect(deployment.end).toBeNull();
    // Killed in the act that the phase names, or one later.
    expect(PHASES_TOLD.indexOf(deployment.phase)).toBeGreaterThanOrEqual(PHASES_TOLD.indexOf(phase));
    await runToEnd(deployment);
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(new Set(deployment.phases).size, 'no phase is told twice').toBe(deployment.phases.length);
    expect(await world.under.router.differences()).toEqual([]);
    const apps = await listApps(world.engine, world.under.dir, record.id);
    expect(apps).toHaveLength(2);
    expect(apps.every(({ running }) => running)).toBe(true);
    await expectPublic(version);
  });

  it.each([
    { where: 'with the container created', line: 'Held start: ', withinMs: 0 },
    { where: 'on the way to a held container', line: 'Held start: ', withinMs: 500 },
    { where: 'with the container held', line: 'Waiting for the build', withinMs: 0 },
  ])('$where, is resumed: the app begins once, after the verdict', async ({ line, withinMs }) => {
    const version = `v${++number}`;
    const deployment = record.begin(world.release(version));
    deployment.signals = { ...deployment.signals, verdict: 'wait' };
    const first = start(deployment);
    await said(deployment, line);
    await sleep(random.next() * withinMs);
    first.kill('SIGKILL');
    await once(first, 'exit');
    deployment.log.length = 0;
    const second = start(deployment);
    await said(deployment, 'Waiting for the build');
    expect(await linesOf(deployment)).toEqual([]);
    decide(deployment, second);
    expect(await once(second, 'exit')).toEqual([0, null]);
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(await linesOf(deployment)).toEqual([`listening as ${version}`]);
    await expectPublic(version);
  });

  it.each([
    { phase: 'starting', moment: 'recorded' },
    { phase: 'starting', moment: 'answered' },
    { phase: 'starting', moment: 'answered' },
    { phase: 'checking', moment: 'recorded' },
  ] as const)('at $phase, $moment, with the app held, lets it begin once', async ({ phase, moment }) => {
    const version = `v${++number}`;
    const deployment = record.begin(world.release(version));
    deployment.signals = { ...deployment.signals, verdict: 'wait' };
    await runUntilKilled(deployment, phase, moment, async (child) => {
      await said(deployment, 'Waiting for the build');
      decide(deployment, child);
    });
    expect(deployment.end).toBeNull();
    await runToEnd(deployment);
    expect(deployment.end).toMatchObject({ status: 'success', reason: null });
    expect(await linesOf(deployment)).toEqual([`listening as ${version}`]);
    await expectPublic(version);
  });

  it('cost no request', async () => {
    await load.stop();
    expect(load.answers.length).toBeGreaterThan(500);
    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

async function runUntilKilled(
  deployment: FakeDeployment,
  phase: DeploymentPhase,
  moment: Moment,
  meanwhile: (child: ChildProcess) => Promise<void> = async () => undefined,
): Promise<void> {
  const child = start(deployment, (report, acknowledge) => {
    const isIt = report.type === 'deployment.phase' && report.phase === phase;
    if (!isIt) return acknowledge();
    if (moment === 'answered') acknowledge();
    // Somewhere in the act that the phase names.
    setTimeout(() => child.kill('SIGKILL'), moment === 'answered' ? random.next() * 15 : 0);
  });
  await Promise.all([once(child, 'exit'), meanwhile(child)]);
}

async function runToEnd(deployment: FakeDeployment): Promise<void> {
  const [code] = (await once(start(deployment), 'exit')) as [number | null];
  expect(code).toBe(0);
}

function start(
  deployment: FakeDeployment,
  onReport = (_report: ReportBody, acknowledge: () => void) => acknowledge(),
): ChildProcess {
  const script = path.join(import.meta.dirname, 'support', 'deployer-process.ts');
  const child = fork(script, [world.under.dir, world.engineHost, JSON.stringify(world.network)]);
  child.on('message', (message: { report: ReportBody } | { line: string }) => {
    if ('line' in message) return deployment.log.push(message.line);
    deployment.take(message.report);
    return onReport(message.report, () => child.connected && child.send('acknowledged'));
  });
  child.send({ work: deployment.claim(), signals: deployment.signals });
  return child;
}

/** Tells it that the build's tests are green. */
function decide(deployment: FakeDeployment, child: ChildProcess): void {
  deployment.signals = { ...deployment.signals, verdict: 'switch' };
  child.send({ signals: deployment.signals });
}

async function said({ log }: FakeDeployment, text: string): Promise<void> {
  while (!log.some((line) => line.includes(text))) await sleep(2);
}

/** What the deployment's app has written so far. */
async function linesOf({ id }: FakeDeployment): Promise<readonly string[]> {
  const apps = await listApps(world.engine, world.under.dir, record.id);
  const app = apps.find(({ deploymentId }) => deploymentId === id);
  return lastLines(world.engine, app?.id ?? '', 10);
}

async function expectPublic(version: string): Promise<void> {
  const seen = load.answers.length;
  while (load.answers.length < seen + 12) await sleep(10);
  const newest = load.answers.slice(-4).map(({ app }) => app);
  expect(newest).toEqual([version, version, version, version]);
}
