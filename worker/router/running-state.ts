import { MAPS, type MapName } from './render-router.ts';
import type { RuntimeClient } from './runtime-client.ts';

/** A server line as HAProxy runs it. */
export interface RunningServer {
  readonly backend: string;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  /** Not in maintenance. */
  readonly ready: boolean;
  /** Up by its check, or unchecked. */
  readonly up: boolean;
}

/** A map as HAProxy runs it. `reference` names it in commands. */
export interface RunningMap {
  readonly reference: string;
  readonly entries: ReadonlyMap<string, string>;
}

/** `show servers state`, of one backend or of all. Keyed by `backend/server`. */
export async function readServers(
  client: RuntimeClient,
  backend?: string,
): Promise<ReadonlyMap<string, RunningServer>> {
  const text = await client.ask(`show servers state${backend === undefined ? '' : ` ${backend}`}`);
  return parseServers(text);
}

/** The four maps. @throws Error when HAProxy runs without one of them: then it runs another's configuration. */
export async function readMaps(client: RuntimeClient): Promise<Readonly<Record<MapName, RunningMap>>> {
  const references = parseMapList(await client.ask('show map'));
  const maps = await Promise.all(
    MAPS.map(async (name) => {
      const reference = references.get(name);
      if (reference === undefined) throw new Error(`HAProxy runs without ${name}`);
      const entries = parseMap(await client.ask(`show map ${reference}`));
      return [name, { reference, entries }] as const;
    }),
  );
  return Object.fromEntries(maps) as Record<MapName, RunningMap>;
}

/** Version 1 of the format, by the names in its header line. */
export function parseServers(text: string): ReadonlyMap<string, RunningServer> {
  const [version, header, ...rows] = text.split('\n');
  if (version !== '1' || header?.startsWith('# ') !== true)
    throw new Error(`show servers state answered ${JSON.stringify(text.slice(0, 80))}`);
  const names = header.slice(2).split(' ');
  const servers = new Map<string, RunningServer>();
  for (const row of rows) {
    if (row === '') continue;
    const values = row.split(' ');
    const value = (name: string) => values[names.indexOf(name)] ?? '';
    const server: RunningServer = {
      backend: value('be_name'),
      server: value('srv_name'),
      address: value('srv_addr'),
      port: Number(value('srv_port')),
      ready: (Number(value('srv_admin_state')) & MAINTENANCE) === 0,
      up: Number(value('srv_op_state')) === RUNNING,
    };
    servers.set(`${server.backend}/${server.server}`, server);
  }
  return servers;
}

/** Forced, inherited or by name resolution (management.txt, `show servers state`). */
const MAINTENANCE = 0x01 | 0x02 | 0x20;
const RUNNING = 2;

/** File name → reference (`#<id>`), from `show map`. */
export function parseMapList(text: string): ReadonlyMap<string, string> {
  const references = new Map<string, string>();
  for (const row of text.split('\n')) {
    const [, id, file] = /^(\d+) \(([^)]+)\)/.exec(row) ?? [];
    if (id !== undefined && file !== undefined) references.set(file.split('/').at(-1) ?? file, `#${id}`);
  }
  return references;
}

/** Rows `<pointer> <key> <value>` of `show map <reference>`. */
export function parseMap(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const row of text.split('\n')) {
    const [pointer, key, value] = row.split(' ');
    if (pointer?.startsWith('0x') === true && key !== undefined && value !== undefined)
      entries.set(key, value);
  }
  return entries;
}
