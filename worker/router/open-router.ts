import { setTimeout as sleep } from 'node:timers/promises';
import type { SlotIndex } from '../../src/core/deployment.ts';
import { makeFolderDurably } from '../../src/files/durable.ts';
import { withDirectoryLock } from './directory-lock.ts';
import {
  currentGeneration,
  highestGeneration,
  placesOf,
  pointCurrent,
  readGeneration,
  writeGeneration,
} from './generations.ts';
import { cutInFlight, readInFlight, type InFlight } from './in-flight.ts';
import { renewCertificates } from './renew-certificates.ts';
import { connectRuntime, RouterAway, type RuntimeClient } from './runtime-client.ts';
import { checkRouterAgrees, syncRunning } from './sync-running.ts';
import {
  dropEnvironment,
  putEnvironment,
  type Refusal,
  type RouterEnvironment,
  type RouterSettings,
  type RouterState,
  type StateChange,
} from './state.ts';

/** How a change of the router ended. Unless refused, the files say it; `running` tells whether HAProxy does too. */
export type Applied =
  { readonly ok: true; readonly running: boolean } | { readonly ok: false; readonly refusal: Refusal };

/**
 * The router of this host, by its directory. Its files are the truth a restart comes back to; they are durable before
 * HAProxy is told. Any number of processes may use one directory; a change with an older fence is refused, and a
 * process that slept through a newer change does not undo it.
 */
export interface Router {
  readonly dir: string;
  /** Unix socket of the side entrance: HTTP, with the candidate's name (`sideName`) as Host. */
  readonly sideSocket: string;
  readonly runtime: RuntimeClient;
  /** What the files say. */
  state(): Promise<RouterState>;
  /** Takes in what an environment is to be: files, then HAProxy. Harmless twice. */
  put(environment: RouterEnvironment): Promise<Applied>;
  /** Why the router would refuse `environment`; null when it would not. */
  refusal(environment: RouterEnvironment): Promise<Refusal | null>;
  /** Forgets an environment. */
  drop(environmentId: string): Promise<Applied>;
  /** Brings HAProxy to the files; false while it is away. */
  sync(): Promise<boolean>;
  /** Where HAProxy differs from the files (in the maps and these backends, default all); empty when it does not. @throws RouterAway */
  differences(backends?: readonly number[]): Promise<readonly string[]>;
  /** Takes in what an operator's folder of certificates holds: files, then HAProxy. Harmless twice. */
  certificates(folder: string): ReturnType<typeof renewCertificates>;
  /** @throws RouterAway */
  inFlight(backend: number, slot: SlotIndex): Promise<InFlight>;
  /** @throws RouterAway */
  cut(backend: number, slot: SlotIndex, what: 'requests' | 'connections'): Promise<void>;
}

export interface RouterOptions {
  /** A process that holds the directory's lock for longer is taken for frozen. Default 5 s. */
  readonly patienceMs?: number;
}

/** Opens a router's directory, made by {@link prepareRouter}. HAProxy need not run. */
export function openRouter(dir: string, options: RouterOptions = {}): Router {
  const locked = <T>(work: () => Promise<T>) => withDirectoryLock(dir, work, options.patienceMs);
  const { sideSocket, adminSocket } = placesOf(dir, 0);
  const runtime = connectRuntime(adminSocket);
  return {
    dir,
    sideSocket,
    runtime,
    state: async () => (await existing(dir)).state,
    put: (environment) =>
      locked(() =>
        change(dir, runtime, (state) => putEnvironment(state, environment), [environment.backend]),
      ),
    refusal: async (environment) => {
      const changed = putEnvironment((await existing(dir)).state, environment);
      return changed.ok ? null : changed.refusal;
    },
    drop: (id) =>
      locked(() =>
        change(dir, runtime, (state) => ({ ok: true, state: dropEnvironment(state, id), changed: true })),
      ),
    sync: () => locked(() => converge(dir, runtime)),
    differences: async (backends) => checkRouterAgrees(runtime, (await existing(dir)).state, backends),
    certificates: (folder) => renewCertificates(dir, folder, runtime),
    inFlight: (backend, slot) => readInFlight(runtime, backend, slot),
    cut: (backend, slot, what) => cutInFlight(runtime, backend, slot, what),
  };
}

/** Makes or renews the directory's files, before HAProxy starts from them. What it served, it will serve. */
export async function prepareRouter(dir: string, settings: RouterSettings): Promise<void> {
  await makeFolderDurably(dir, 0o700);
  await withDirectoryLock(dir, async () => {
    await writeNext(dir, ({ environments }) => ({
      ok: true,
      changed: true,
      state: { settings, environments },
    }));
    await pointCurrent(dir, highestGeneration(dir));
  });
}

/** Only under the directory's lock. */
async function change(
  dir: string,
  client: RuntimeClient,
  next: (state: RouterState) => StateChange,
  backends?: readonly number[],
): Promise<Applied> {
  const started = await currentGeneration(dir);
  const written = await writeNext(dir, next);
  if (!written.ok) return written;
  // Somebody left between the files and HAProxy: look at everything.
  const alone = highestGeneration(dir) <= started + 1;
  return { ok: true, running: await converge(dir, client, alone ? backends : undefined) };
}

async function writeNext(
  dir: string,
  next: (state: RouterState) => StateChange,
): Promise<{ ok: true } | { ok: false; refusal: Refusal }> {
  for (;;) {
    const newest = await readGeneration(dir);
    const changed = next(newest?.state ?? { settings: { binds: [], backends: 0 }, environments: [] });
    if (!changed.ok) return changed;
    if (!changed.changed) return { ok: true };
    if (await writeGeneration(dir, (newest?.number ?? 0) + 1, changed.state)) return { ok: true };
  }
}

/** Brings `current` and HAProxy to the newest generation, and looks again until that is still the newest. */
async function converge(dir: string, client: RuntimeClient, backends?: readonly number[]): Promise<boolean> {
  for (let scope = backends; ; scope = undefined) {
    const { number, state } = await existing(dir);
    const isNewest = () => highestGeneration(dir) === number;
    if ((await currentGeneration(dir)) !== number && isNewest()) await pointCurrent(dir, number);
    try {
      if ((await syncRunning(client, state, scope, isNewest)) && isNewest()) return true;
    } catch (error) {
      if (error instanceof RouterAway && isNewest()) return false;
      if (isNewest()) throw error;
    }
    await sleep(1);
  }
}

async function existing(dir: string) {
  const generation = await readGeneration(dir);
  if (generation === null) throw new Error(`${dir} is not a router's directory`);
  return generation;
}
