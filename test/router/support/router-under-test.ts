import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SlotRecord, SlotRole } from '../../../src/core/deployment.ts';
import { ensureRouter, supervisorPid, routerPid, stopRouter } from '../../../src/parts/router.ts';
import { openRouter, prepareRouter, type Router } from '../../../worker/router/open-router.ts';
import type { RouterEnvironment } from '../../../worker/router/state.ts';

/** A real HAProxy with a directory and a port of its own. */
export interface RouterUnderTest {
  readonly dir: string;
  readonly port: number;
  readonly router: Router;
  /** Starts HAProxy again from the files as they lie, whatever wrote them last. */
  start(): Promise<void>;
  /** SIGKILL, also to what would start it again, and waits until it is gone. */
  kill(): Promise<void>;
  /** Stops it and removes the directory. */
  remove(): Promise<void>;
}

export async function startRouterUnderTest(backends = 8): Promise<RouterUnderTest> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-router-'));
  const port = await freePort();
  await ensureRouter({
    dir,
    prepare: () => prepareRouter(dir, { binds: [`127.0.0.1:${port}`], backends }),
  });
  return {
    dir,
    port,
    router: openRouter(dir, { patienceMs: 300 }),
    start: async () => void (await ensureRouter({ dir, prepare: () => Promise.resolve() })),
    async kill() {
      const pids = [supervisorPid(dir), await routerPid(dir)].filter((pid) => pid !== null);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      while ((await routerPid(dir)) !== null) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    async remove() {
      await stopRouter(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** An environment with backend number 3 and the host `shop.test`, its slots in these roles at 127.0.0.21…23. */
export function environmentOf(
  fence: number,
  roles: readonly [SlotRole, SlotRole, SlotRole],
  port = 18_411,
): RouterEnvironment {
  return {
    id: 'env_shop',
    name: 'production',
    projectPath: 'shop/web',
    backend: 3,
    hosts: ['shop.test'],
    candidateHost: null,
    fence,
    slots: roles.map((role, index) => slotOf(index as 0 | 1 | 2, role, port)),
  };
}

export function slotOf(index: 0 | 1 | 2, role: SlotRole, port: number): SlotRecord {
  const full = role !== 'empty';
  return {
    index,
    role,
    address: `127.0.0.${21 + index}`,
    port: full ? port : null,
    releaseId: full ? `rel_${index}` : null,
    deploymentId: full ? `dep_${index}` : null,
    startedBy: full ? `dep_${index}` : null,
    standbyUntilMs: null,
  };
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
