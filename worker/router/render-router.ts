import { renderConfig } from './render-config.ts';
import { sideBackend, slotBackend } from './server-lines.ts';
import type { RouterState } from './state.ts';

/** File names of a generation; the maps are what runtime commands change. */
export const FILES = {
  config: 'haproxy.cfg',
  /** Public host → number of its environment's backend. */
  hosts: 'hosts.map',
  /** Backend number → HAProxy backend of the live slot. A switch is one entry of it. */
  live: 'live.map',
  /** Name at the side entrance → HAProxy backend with the candidate. */
  side: 'side.map',
  /** Name at the side entrance → the Host header that the candidate gets. */
  sideHosts: 'side-hosts.map',
  /** The state all others are rendered from. */
  state: 'router.json',
} as const;

/** Name of the list of certificates in their folder (configuration.txt of HAProxy, `crt-list`). */
export const CERTIFICATE_LIST = 'list.txt';

export const MAPS = [FILES.hosts, FILES.live, FILES.side, FILES.sideHosts] as const;
export type MapName = (typeof MAPS)[number];

/** Where the files of a router lie and its sockets listen; absolute. */
export interface RouterPlaces {
  /** Folder of this generation's files. */
  readonly generation: string;
  readonly adminSocket: string;
  readonly sideSocket: string;
  /** HAProxy's list of the certificates, which are no part of a generation. */
  readonly certificates: string;
}

/**
 * The renderer: every file of the router from its state. The configuration and the maps of one rendering agree,
 * and what runtime commands reach is rendered here too, so a restart changes nothing.
 */
export function renderRouter(state: RouterState, places: RouterPlaces): Readonly<Record<string, string>> {
  const maps = renderMaps(state);
  return {
    [FILES.state]: `${JSON.stringify(state, null, 1)}\n`,
    [FILES.config]: renderConfig(state, places),
    ...Object.fromEntries(MAPS.map((name) => [name, mapText(maps[name])])),
  };
}

/** The maps' entries, each in the order of its keys. */
export function renderMaps(state: RouterState): Readonly<Record<MapName, ReadonlyMap<string, string>>> {
  const hosts: [string, string][] = [];
  const live: [string, string][] = [];
  const side: [string, string][] = [];
  const sideHosts: [string, string][] = [];
  for (const environment of state.environments) {
    const key = `e${environment.backend}`;
    for (const host of environment.hosts) hosts.push([host, key]);
    const serving = environment.slots.find((slot) => slot.role === 'live');
    if (serving !== undefined) live.push([key, slotBackend(environment.backend, serving.index)]);
    if (!environment.slots.some((slot) => slot.role === 'candidate')) continue;
    const name = sideName(environment.backend);
    side.push([name, sideBackend(environment.backend)]);
    sideHosts.push([name, environment.candidateHost ?? environment.hosts[0] ?? name]);
  }
  return {
    [FILES.hosts]: inOrder(hosts),
    [FILES.live]: inOrder(live),
    [FILES.side]: inOrder(side),
    [FILES.sideHosts]: inOrder(sideHosts),
  };
}

/** The host name by which the side entrance reaches the candidate of the environment with this backend number. */
export function sideName(backend: number): string {
  return `e${backend}.candidate`;
}

function inOrder(entries: [string, string][]): ReadonlyMap<string, string> {
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mapText(entries: ReadonlyMap<string, string>): string {
  return [...entries].map(([key, value]) => `${key} ${value}\n`).join('');
}
