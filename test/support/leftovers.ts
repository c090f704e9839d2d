import Dockerode from 'dockerode';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { waitFor } from './wait.ts';

/** What there is in an engine and below this process at one moment, one line each. */
export interface Inventory {
  readonly dockerHost: string;
  readonly lines: ReadonlySet<string>;
}

/**
 * Lists an engine's containers (also ended ones), networks and volumes, and the processes that this one started,
 * at any depth. Where others use the same engine, `only` narrows the list to what carries one of its labels.
 */
export async function takeInventory(dockerHost: string, only?: string): Promise<Inventory> {
  const docker = open(dockerHost);
  const filters = only === undefined ? {} : { filters: { label: [only] } };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, ...filters }),
    docker.listNetworks(filters),
    docker.listVolumes(filters),
  ]);
  const lines = [
    ...containers.map((one) => `container ${one.Names.join(' ')} of ${one.Image} (${one.Id.slice(0, 12)})`),
    ...networks.map((one) => `network ${one.Name}`),
    ...volumes.Volumes.map((one) => `volume ${one.Name}`),
    ...descendants(process.pid).map((one) => `process ${one}`),
  ];
  return { dockerHost, lines: new Set(lines) };
}

/**
 * Holds that nothing is there now that was not there `before`, once what is ending has ended: at most 45 s, for what
 * the engine was too busy to remove is the reaper's, which comes every 30 s. What takes longer than 5 s is said.
 */
export async function expectNothingLeft(before: Inventory, only?: string): Promise<void> {
  let left: readonly string[] = [];
  const isClean = async (): Promise<boolean> => {
    const now = await takeInventory(before.dockerHost, only);
    left = [...now.lines].filter((line) => !before.lines.has(line));
    return left.length === 0;
  };
  const beganMs = Date.now();
  await waitFor('nothing is left', isClean, 5_000).catch(() => undefined);
  if (left.length === 0) return;
  const late = [...left, ...(await containersOf(before.dockerHost))];
  await waitFor('nothing is left', isClean, 40_000).catch(() => undefined);
  console.warn(`left for ${Math.round((Date.now() - beganMs) / 1_000)} s:\n${late.join('\n')}`);
  expect(left).toEqual([]);
}

/** Every container of an engine with the engine's words for its state, as of now. */
async function containersOf(dockerHost: string): Promise<readonly string[]> {
  const containers = await open(dockerHost).listContainers({ all: true });
  return containers.map((one) => `${one.Names.join(' ')}: ${one.State}, ${one.Status}`);
}

function open(dockerHost: string): Dockerode {
  const url = new URL(dockerHost);
  return url.protocol === 'unix:'
    ? new Dockerode({ socketPath: url.pathname })
    : new Dockerode({ host: url.hostname, port: Number(url.port) });
}

/** `<id> <command line>` of each process below this one; ended ones that wait for their parent count too. */
function descendants(root: number): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const [, parent = '0'] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      parents.set(Number(name), Number(parent));
    } catch {
      // ended meanwhile
    }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 0 && (parent === root || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).map((pid) => `${pid} ${commandLine(pid)}`);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
