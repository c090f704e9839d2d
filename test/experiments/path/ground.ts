import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { startEngine, type EnginePart } from '../../../src/parts/engine.ts';
import { freeRanges, giveBack } from '../../../src/parts/free-ranges.ts';
import type { RedisPart } from '../../../src/parts/redis.ts';
import type { RegistryPart } from '../../../src/parts/registry.ts';
import { makeRunFolder } from '../../../src/parts/run-folder.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import { busyboxImage } from '../../support/images.ts';
import { startPostgres, type OwnPostgres } from '../../support/postgres.ts';
import { startSystem, type System } from '../../support/system.ts';
import { LOAD_MUTANT, mutantEnv, type MutantName } from '../mutants.ts';
import { makeClocks, MOVED_CLOCK, type Clocks } from './clocks.ts';
import type { Victim } from './faults.ts';
import { makeDisk, mayMakeDisks, type Disk } from './disk.ts';
import { openWay, type Way } from './way.ts';

/** Who has a disk of its own, and the folder below the system's that it is. */
const DISK_FOLDERS: ReadonlyMap<Victim, string> = new Map([
  ['server', 'data'],
  ['worker', 'worker'],
  ['redis', 'redis'],
  ['registry', 'registry'],
]);

/** The whole product on parts of its own, each of which may be killed: also the engine. */
export interface Ground {
  readonly system: System;
  readonly host: GitHost;
  readonly dockerHost: string;
  /** What GitHub was told. */
  readonly github: GithubServer;
  /** Between everybody and the registry. */
  readonly registryWay: Way;
  /** Between the server and GitHub's API. */
  readonly githubWay: Way;
  readonly clocks: Clocks;
  /** What each keeps its data on; none where this user may not mount. */
  readonly disks: ReadonlyMap<Victim, Disk>;
  /** Where the record is; null: in a file. */
  readonly postgres: OwnPostgres | null;
  /** Where server and worker put what is to be gone soon. */
  readonly temporary: string;
  redis: RedisPart;
  registry: RegistryPart;
  readonly engine: EnginePart;
  /** Starts it again after its end. @throws EngineBroken when what it left keeps it from starting. */
  startEngine(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The engine cannot start any more. Docker 20.10 that is ended while it makes or removes networks may leave one without
 * addresses in its own database (`network/files/local-kv.db`), on which it panics at every start from then on.
 */
export class EngineBroken extends Error {}

const PANIC = 'dockerd panics at its start, in libnetwork.(*controller).reservePools';

async function hasBrokenNetworks(dir: string): Promise<boolean> {
  const log = await readFile(path.join(dir, 'engine.log'), 'utf8').catch(() => '');
  const last = log.lastIndexOf('panic: ');
  return last >= 0 && log.slice(last).includes('libnetwork.(*controller).reservePools');
}

/** Of a request to a registry: its head and the begin of its body. */
const HEAD_AND_BEGIN = 20_000;
/** A status that is set has come there, or its answer is lost. */
const HALF_OF_A_STATUS = 1_000;

/** What the data of some hundred rounds needs, and more. */
const DISK_BYTES = 1024 ** 3;

export interface GroundOptions {
  /** What server and worker are instead of themselves. */
  readonly mutant?: MutantName;
  /** The record is in a PostgreSQL of its own. */
  readonly isPostgres?: boolean;
}

export async function startGround({ mutant, isPostgres = false }: GroundOptions = {}): Promise<Ground> {
  const dir = await makeRunFolder('slwc-');
  const ranges = await freeRanges(2);
  const [buildNetworks = '', appNetwork = ''] = ranges;
  const options = { dir: path.join(dir, 'engine'), ranges };
  let engine = await startEngine(options);
  await busyboxImage(engine.host);
  const host = await startGitHost();
  let registryHost = '';
  const registryWay = await openWay(() => registryHost, HEAD_AND_BEGIN);
  const github = await startGithubServer();
  const githubWay = await openWay(() => new URL(github.url).host, HALF_OF_A_STATUS);
  const clocks = await makeClocks(path.join(dir, 'clocks'));
  const temporary = path.join(dir, 't');
  await mkdir(temporary);
  const postgres = isPostgres ? await startPostgres() : null;
  const disks = new Map<Victim, Disk>();
  let endParts = (): Promise<unknown> => Promise.resolve();
  const prepare = async (systemDir: string): Promise<() => Promise<void>> => {
    if (!mayMakeDisks()) return () => Promise.resolve();
    for (const [victim, folder] of DISK_FOLDERS)
      disks.set(victim, await makeDisk(path.join(systemDir, folder), DISK_BYTES));
    return async () => {
      await endParts();
      await Promise.all([...disks.values()].map((disk) => disk.remove()));
    };
  };
  const env = {
    SLIPWAY_REGISTRY: registryWay.host,
    SLIPWAY_GITHUB_API: `http://${githubWay.host}`,
    SLIPWAY_DISK_LOW: '5%',
    NODE_OPTIONS: [MOVED_CLOCK, ...(mutant === undefined ? [] : [LOAD_MUTANT])].join(' '),
    TMPDIR: temporary,
    ...(postgres === null ? {} : { DATABASE_URL: await postgres.createDatabase() }),
    ...clocks.env,
    ...(mutant === undefined ? {} : mutantEnv(mutant)),
  };
  const { host: dockerHost } = engine;
  const system = await startSystem({ dockerHost, buildNetworks, appNetwork, capacity: 3, env, prepare });
  registryHost = system.registry.host;
  let isBroken = false;
  // Those that were started again are not the system's.
  endParts = () => Promise.all([ground.redis.stop(), ground.registry.stop()]);
  const ground: Ground = {
    system,
    host,
    dockerHost,
    github,
    registryWay,
    githubWay,
    clocks,
    disks,
    postgres,
    temporary,
    redis: system.redis,
    registry: system.registry,
    get engine() {
      return engine;
    },
    startEngine: async () => {
      engine = await startEngine(options).catch(async (error: unknown) => {
        isBroken = await hasBrokenNetworks(options.dir);
        throw isBroken ? new EngineBroken(PANIC, { cause: error }) : error;
      });
    },
    stop: async () => {
      await system.stop({ engineIsGone: isBroken });
      await postgres?.stop();
      await Promise.all([endParts(), host.close()]);
      await Promise.all([registryWay.close(), githubWay.close()]);
      await github.close();
      await engine.stop();
      giveBack(ranges);
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return ground;
}
