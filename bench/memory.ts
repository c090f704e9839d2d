import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildView } from '../src/core/views/build-view.ts';
import { isEnd } from '../src/core/status.ts';
import { endOf, push } from '../test/support/builds.ts';
import { pushPayload } from '../test/support/github-payloads.ts';
import { until, type System } from '../test/support/system.ts';
import { round, type Figures } from './figures.ts';
import { measuredSystem } from './measured-system.ts';
import type { Ground } from './with-engine.ts';

const DELIVERIES = 10_000;
const BUILDS = 1_000;
const AT_ONCE = 20;
/** A few of each, so that what is loaded on first use is loaded. */
const WARM = { deliveries: 100, builds: 5 };
const REST_MS = 15_000;
const FILE = 'steps: [{ name: hello, image: "slipway-test/busybox:1", commands: [echo hello] }]\n';

/** What the server's process holds after 10,000 deliveries and 1,000 builds, at rest, against itself soon after its start. */
export async function memory(ground: Ground): Promise<Figures<'memory'>> {
  return measuredSystem(
    ground,
    { 'slipway.yml': FILE },
    async ({ system, repository }) => {
      await endOf(system, await push(system, repository, { a: '1' }));
      await deliver(system, WARM.deliveries);
      await build(system, repository.fullName, WARM.builds);
      await sleep(REST_MS);
      const startMb = await heldMb(system);
      await deliver(system, DELIVERIES);
      ground.say(`  ${DELIVERIES} deliveries: ${round(await heldMb(system))} MB`);
      await build(system, repository.fullName, BUILDS);
      await sleep(REST_MS);
      const endMb = await heldMb(system);
      const ratio = round(endMb / startMb);
      return {
        rows: [
          {
            what: `memory of the server after ${DELIVERIES} deliveries and ${BUILDS} builds, at rest`,
            value: `${round(endMb)} MB (${ratio} ×)`,
            floor: `${round(startMb)} MB (after ${WARM.deliveries} and ${WARM.builds})`,
            goal: '≤ 1.2 ×',
          },
        ],
        json: { startMb: round(startMb), endMb: round(endMb), ratio },
      };
    },
    { SLIPWAY_WORKER_CAPACITY: '4' },
  );
}

/** Signed pushes to repositories that nobody has added, which are stored and ignored. */
async function deliver(system: System, count: number): Promise<void> {
  const commit = 'c'.repeat(40);
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const payload = pushPayload({
        repository: `nobody/${randomUUID()}`,
        commit,
        message: 'x'.repeat(6_000),
      });
      const { status } = await system.deliver('push', payload);
      if (status !== 202) throw new Error(`a delivery was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function build(system: System, project: string, count: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const target = `/projects/${encodeURIComponent(project)}/builds`;
      const { id } = await system.api<{ id: string }>('POST', target, { branch: 'main' });
      const isOver = async () => isEnd((await system.api<BuildView>('GET', `/builds/${id}`)).status);
      await until(async () => (await sleep(500), await isOver()), 'the build ends', 120_000);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Resident memory of the server's process, MB. */
async function heldMb({ server }: System): Promise<number> {
  const status = await readFile(`/proc/${server?.pid ?? 0}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_000;
}
