import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPartsSettings, type PartsSettings } from '../../config/settings.ts';
import { Problem } from '../../src/core/problem.ts';
import { answers, DEFAULT_ENGINE, startEngine, stopEngine } from '../../src/parts/engine.ts';
import { PART_FOLDERS } from '../../src/parts/ensure-parts.ts';
import { localProcess, stateOfProcess } from '../../src/processes/local-process.ts';
import { stopRegistry } from '../../src/parts/registry.ts';
import { stopRouter } from '../../src/parts/router.ts';
import { findOwnPart } from '../../src/parts/spawn-part.ts';
import { APP_LABELS, listApps, type AppContainer } from '../../worker/deploy/app-container.ts';
import { appNetworkName } from '../../worker/deploy/app-network.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { reapLeftovers } from '../../worker/steps/reap-leftovers.ts';
import { removeOwned } from '../../worker/steps/remove-owned.ts';
import { workerName } from './worker-name.ts';

/** File in the data folder with the process that `npm start` runs: its id, and its name for all time in a second line. */
const START_PID = 'start.pid';

/** Names this process as the `npm start` of a data folder; returns what takes that back. */
export async function noteStart(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, START_PID);
  await writeFile(file, `${process.pid}\n${localProcess()}\n`);
  return () => rm(file, { force: true });
}

export interface StopOptions {
  /** `stop`: they come back with the next start. `remove`: with the data on their volumes. */
  readonly apps: 'stop' | 'remove';
  readonly say: (sentence: string) => void;
}

/**
 * Ends what lives on after `npm start`: that itself where it still runs, the apps, the router, the registry and an
 * engine of our own. Data stays: database, logs, images, the apps' volumes. Says what it ended; silent for the rest.
 */
export async function stopInstallation(
  environment: Readonly<Record<string, string | undefined>>,
  options: StopOptions,
): Promise<void> {
  const { say } = options;
  const settings = readPartsSettings(environment);
  const dir = (name: keyof typeof PART_FOLDERS): string => path.join(settings.dataDir, PART_FOLDERS[name]);
  await stopStart(path.join(settings.dataDir, START_PID), say);
  if (await stopRouter(settings.router.dir)) say('ended the router');
  const ranges = [settings.buildNetworks, settings.appNetwork];
  const own = (await findOwnPart(dir('engine'), 'engine')) !== null;
  const host = own
    ? (await startEngine({ dir: dir('engine'), life: 'own', ranges })).host
    : (settings.dockerHost ?? DEFAULT_ENGINE);
  if (await answers(host)) await endInEngine(host, settings, options);
  if (await stopRegistry(dir('registry'))) say('ended the registry');
  if (own) {
    await stopEngine(dir('engine'), ranges);
    say('ended the engine');
  }
}

/** @throws Problem `runs_already` while an `npm start` runs in that data folder. */
export async function demandStopped(dataDir: string): Promise<void> {
  const pid = await startPid(path.join(dataDir, START_PID));
  if (pid !== null) throw new Problem('runs_already', { dir: dataDir, pid });
}

/** Process id of the `npm start` that the file names; null when it does not run: ids are given again, names are not. */
async function startPid(file: string): Promise<number | null> {
  const [pid = '', name = ''] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return stateOfProcess(name) === 'alive' ? Number(pid) : null;
}

async function stopStart(file: string, say: (sentence: string) => void): Promise<void> {
  const pid = await startPid(file);
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 600 && (await startPid(file)) !== null; tries += 1) await sleep(50);
  await rm(file, { force: true });
  say('ended server, worker and Redis');
}

/** The apps behind this router, and what a killed worker's builds have left. */
async function endInEngine(host: string, settings: PartsSettings, options: StopOptions): Promise<void> {
  const engine = connectEngine(host);
  try {
    const apps = await listApps(engine, settings.router.dir);
    if (options.apps === 'remove') await removeApps(engine, apps, settings);
    else await stopApps(engine, apps, settings.dataDir);
    if (apps.length > 0) options.say(`ended ${apps.length === 1 ? 'one app' : `${apps.length} apps`}`);
    await reapLeftovers(engine, workerName(settings.dataDir), {
      isLeaseAlive: () => false,
      // `npm start` has ended, and with it the only process of that name.
      holdsName: async () => true,
    });
  } finally {
    engine.close();
  }
}

/** Stops them so that neither the engine nor its next start brings them back; {@link startApps} does. */
async function stopApps(engine: Engine, apps: readonly AppContainer[], dataDir: string): Promise<void> {
  const running = apps.filter((app) => app.running);
  await Promise.all(
    running.map((app) =>
      engine.docker
        .getContainer(app.id)
        .stop({ t: 10 })
        .catch(() => undefined),
    ),
  );
  if (running.length > 0) await writeFile(stoppedApps(dataDir), JSON.stringify(running.map((app) => app.id)));
}

/** With their volumes and their network. */
async function removeApps(
  engine: Engine,
  apps: readonly AppContainer[],
  settings: PartsSettings,
): Promise<void> {
  await Promise.all(apps.map((app) => engine.removeContainer(app.id)));
  for (const environment of new Set(apps.map((app) => app.environmentId))) {
    const owned = await engine.listOwned([`${APP_LABELS.environment}=${environment}`]);
    await removeOwned(engine, owned);
  }
  await engine.removeNetwork(appNetworkName(settings.appNetwork)).catch(() => undefined);
}

/** Starts the apps that the last stop ended, so that what was live is live again. */
export async function startApps(host: string, dataDir: string): Promise<number> {
  const ids = JSON.parse(await readFile(stoppedApps(dataDir), 'utf8').catch(() => '[]')) as string[];
  if (ids.length === 0) return 0;
  const engine = connectEngine(host);
  try {
    const starts = ids.map((id) => engine.docker.getContainer(id).start());
    await Promise.allSettled(starts);
  } finally {
    engine.close();
  }
  await rm(stoppedApps(dataDir), { force: true });
  return ids.length;
}

const stoppedApps = (dataDir: string): string => path.join(dataDir, 'stopped-apps.json');
