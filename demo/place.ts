import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freeRanges } from '../src/parts/free-ranges.ts';
import { freePort } from '../src/parts/registry.ts';
import { spawnPart } from '../src/parts/spawn-part.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A place of the demo's own: folder, ports, address ranges, router name. What else the environment names is used. */
export interface Place {
  readonly dir: string;
  readonly environment: Environment;
  /** Ends and removes everything that is the demo's, and the folder. */
  remove(): Promise<void>;
}

/** Makes one. It is removed also when this process is killed. */
export async function makePlace(outer: Environment): Promise<Place> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-demo-'));
  const [pages, apps] = [await freePort(), await freePort()];
  const [buildNetworks, appNetwork] = await freeRanges(2);
  const environment = {
    ...outer,
    // The operator's own installation, where there is one, is left alone.
    DATABASE_URL: undefined,
    SLIPWAY_CONFIG: undefined,
    SLIPWAY_URL: undefined,
    SLIPWAY_ROUTER_DIR: undefined,
    SLIPWAY_DATA: path.join(dir, 'data'),
    SLIPWAY_LISTEN: `127.0.0.1:${pages}`,
    SLIPWAY_ROUTER_BIND: `127.0.0.1:${apps}`,
    SLIPWAY_ROUTER_NAME: path.basename(dir).toLowerCase(),
    SLIPWAY_BUILD_NETWORKS: buildNetworks,
    SLIPWAY_APP_NETWORK: appNetwork,
  };
  await writeFile(path.join(dir, ENVIRONMENT), JSON.stringify(environment), { mode: 0o600 });
  const watch = await spawnPart({
    name: 'watch',
    dir,
    command: 'sleep',
    args: ['infinity'],
    isReady: async () => true,
    cleanUp: {
      commands: [[process.execPath, path.join(import.meta.dirname, 'remove-place.ts'), dir]],
      remove: [dir],
    },
  });
  return { dir, environment, remove: () => watch.stop() };
}

/** File in the place with its environment, for who removes it. */
export const ENVIRONMENT = 'environment.json';
