import { MAPS, renderMaps, type MapName } from './render-router.ts';
import { readMaps, readServers, type RunningMap, type RunningServer } from './running-state.ts';
import type { RuntimeClient } from './runtime-client.ts';
import { serverLines, sideBackend, slotBackend, type ServerLine } from './server-lines.ts';
import type { RouterState } from './state.ts';

/** One runtime command, and what HAProxy may say to it besides nothing. */
export interface RuntimeCommand {
  readonly text: string;
  readonly isSuccess: (answer: string) => boolean;
}

/**
 * Brings a running HAProxy to `state` without a reload: first what will be needed is made ready, then the maps move
 * the traffic, then what nothing points to goes into maintenance. Says the same twice without harm.
 * @param backends Numbers of the environments' backends to compare; all when undefined. Maps are always compared.
 * @param mayGoOn Asked right before each command; false ends it without another.
 * @returns Whether it came to its end.
 */
export async function syncRunning(
  client: RuntimeClient,
  state: RouterState,
  backends: readonly number[] | undefined,
  mayGoOn: () => boolean,
): Promise<boolean> {
  const running = await readRunning(client, backends);
  for (const command of commandsTo(state, running, backends)) {
    if (!mayGoOn()) return false;
    await client.tell(command.text, command.isSuccess);
  }
  return true;
}

/** Where the running HAProxy differs from `state`, a sentence each; empty when they agree. */
export async function checkRouterAgrees(
  client: RuntimeClient,
  state: RouterState,
  backends?: readonly number[],
): Promise<readonly string[]> {
  const running = await readRunning(client, backends);
  return commandsTo(state, running, backends).map((command) => `HAProxy still needs: ${command.text}`);
}

interface Running {
  readonly servers: ReadonlyMap<string, RunningServer>;
  readonly maps: Readonly<Record<MapName, RunningMap>>;
}

async function readRunning(client: RuntimeClient, backends: readonly number[] | undefined): Promise<Running> {
  const maps = await readMaps(client);
  if (backends === undefined) return { maps, servers: await readServers(client) };
  const names = backends.flatMap((backend) => [
    ...([0, 1, 2] as const).map((slot) => slotBackend(backend, slot)),
    sideBackend(backend),
  ]);
  const parts = await Promise.all(names.map((name) => readServers(client, name)));
  return { maps, servers: new Map(parts.flatMap((part) => [...part])) };
}

/** The commands, in their order, that make `running` say what the files of `state` say. */
export function commandsTo(
  state: RouterState,
  running: Running,
  backends: readonly number[] | undefined,
): readonly RuntimeCommand[] {
  const numbers = backends ?? Array.from({ length: state.settings.backends }, (_, number) => number);
  const lines = numbers.flatMap((number) =>
    serverLines(
      number,
      state.environments.find((environment) => environment.backend === number),
    ),
  );
  const toServers = (ready: boolean) =>
    lines
      .filter((line) => line.ready === ready)
      .flatMap((line) => serverCommands(line, running.servers.get(`${line.backend}/${line.server}`)));
  return [...toServers(true), ...mapCommands(state, running.maps), ...toServers(false)];
}

function serverCommands(line: ServerLine, running: RunningServer | undefined): readonly RuntimeCommand[] {
  const name = `${line.backend}/${line.server}`;
  const stateCommand = command(`set server ${name} state ${line.ready ? 'ready' : 'maint'}`);
  const placeCommand = command(`set server ${name} addr ${line.address} port ${line.port}`, (answer) =>
    /^(IP changed|no need to change the addr)/.test(answer),
  );
  const samePlace = running?.address === line.address && running.port === line.port;
  const sameState = running?.ready === line.ready;
  const place = samePlace ? [] : [placeCommand];
  const change = sameState ? [] : [stateCommand];
  return line.ready ? [...place, ...change] : [...change, ...place];
}

function mapCommands(
  state: RouterState,
  running: Readonly<Record<MapName, RunningMap>>,
): readonly RuntimeCommand[] {
  const wanted = renderMaps(state);
  return MAPS.flatMap((name) => {
    const { reference, entries } = running[name];
    const put = [...wanted[name]].flatMap(([key, value]) => {
      if (entries.get(key) === value) return [];
      const verb = entries.has(key) ? 'set' : 'add';
      return [command(`${verb} map ${reference} ${key} ${value}`)];
    });
    const gone = [...entries.keys()].filter((key) => !wanted[name].has(key));
    return [...put, ...gone.map((key) => command(`del map ${reference} ${key}`))];
  });
}

function command(text: string, isSuccess: (answer: string) => boolean = () => false): RuntimeCommand {
  return { text, isSuccess };
}
