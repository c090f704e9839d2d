import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { docker, dockerClient } from './docker.ts';
import type { Part, PartImage, PartOptions } from './part.ts';
import { spawnPart } from './spawn-part.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** One part to start from an image. */
export interface ContainerSpec extends PartOptions {
  /** Names its files, labels and messages, e.g. `redis`. */
  readonly name: string;
  readonly image: PartImage;
  /** As the image's PATH has it; the image's own entry point is passed over. */
  readonly program: string;
  readonly args: readonly string[];
  /** What it sees of this machine, under the same paths; `dir` is always among it. */
  readonly folders?: readonly string[];
  /** `host`: it listens where a process of this machine would. `none`: it is reached by a socket in a folder. */
  readonly network: 'none' | 'host';
  /** Linux capabilities that it keeps; none unless said. */
  readonly capabilities?: readonly string[];
  /** Default: SIGTERM. A first process of a container, as the part is one, ignores what it has no handler for. */
  readonly stopSignal?: 'SIGKILL';
  /** Files removed after its end. */
  readonly remove?: readonly string[];
  /** Whether it answers; asked until it does. */
  readonly isReady: () => Promise<boolean>;
}

/** Keys of the labels on a part's container. */
export const PART_LABELS = { part: 'slipway.part', folder: 'slipway.folder', life: 'slipway.life' } as const;

/**
 * Starts a part as a container and waits until it answers; what an earlier one left in the engine is removed first. With
 * a life of its own it comes back when it, the engine or the machine ends, until it is removed. Its user is ours, so that
 * its files are.
 * @throws Problem `part_failed` with the end of its log.
 */
export async function startContainer(spec: ContainerSpec): Promise<Part> {
  const { dir, name, image } = spec;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeContainer(dir, name);
  await writeFile(engineFile(dir, name), `${image.dockerHost}\n`, { mode: 0o600 });
  return spec.life === 'own' ? startOwn(spec) : startSupervised(spec);
}

/** Process id of the part that has a life of its own as a container of the folder; null when none runs. */
export async function containerPid(dir: string, name: string): Promise<number | null> {
  const host = await engineOf(dir, name);
  if (host === null) return null;
  const life = `${PART_LABELS.life}=own`;
  const [id] = await containersOf(host, dir, name, life).catch(() => []);
  return id === undefined ? null : pidOf(host, id).catch(() => null);
}

/** Stops and removes the folder's containers of that part; false when there is none, or no engine that answers. */
export async function removeContainer(dir: string, name: string): Promise<boolean> {
  const host = await engineOf(dir, name);
  if (host === null) return false;
  const ids = await containersOf(host, dir, name).catch(() => null);
  if (ids === null) return false;
  for (const id of ids) {
    await docker(host, ['stop', '-t', '5', id]).catch(() => undefined);
    await docker(host, ['rm', '--force', '--volumes', id]).catch(() => undefined);
  }
  await rm(engineFile(dir, name), { force: true });
  return ids.length > 0;
}

/** The client in the foreground under a supervisor: when it is told to end, it tells the container. */
async function startSupervised(spec: ContainerSpec): Promise<Part> {
  const { dockerHost } = spec.image;
  const container = `slipway-${spec.name}-${randomBytes(4).toString('hex')}`;
  const client = dockerClient();
  const part = await spawnPart({
    ...spec,
    command: client,
    args: ['--host', dockerHost, 'run', '--rm', '--log-driver', 'none', ...runArguments(spec, container)],
    cleanUp: {
      commands: [[client, '--host', dockerHost, 'rm', '--force', '--volumes', container]],
      remove: spec.remove ?? [],
    },
  });
  const pid = await pidOf(dockerHost, container).catch(() => null);
  if (pid !== null) return { pid, stop: part.stop };
  await part.stop();
  throw failed(spec, 'it ended');
}

async function startOwn(spec: ContainerSpec): Promise<Part> {
  const { dir, name, image } = spec;
  const folder = createHash('sha256').update(dir).digest('hex').slice(0, 8);
  const container = `slipway-${name}-${folder}`;
  const log = ['--log-driver', 'json-file', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'];
  const stop = async (): Promise<void> => void (await removeContainer(dir, name));
  const inEngine = (...args: string[]): Promise<string> => docker(image.dockerHost, args);
  try {
    const life = ['--detach', '--restart', 'unless-stopped'];
    await inEngine('run', ...life, ...log, ...runArguments(spec, container));
    await waitUntilReady(spec, async () => {
      const [status, code] = (await inEngine('inspect', '--format', STATE, container)).trim().split(' ');
      return status === 'running' ? null : (code ?? '');
    });
    const pid = await pidOf(image.dockerHost, container);
    if (pid === null) throw new Error('it ended');
    return { pid, stop };
  } catch (error) {
    const said = await inEngine('logs', '--tail', '100', container).catch(() => '');
    await writeFile(logFile(spec), said, { mode: 0o600 });
    await stop();
    const last = said.trim().split('\n').slice(-3).join(' | ').slice(-1_000);
    throw failed(spec, `${(error as Error).message}: ${last}`);
  }
}

/** What follows `docker run` and its manner of living. */
export function runArguments(spec: ContainerSpec, container: string): string[] {
  const { dir, name, image, program, args, network } = spec;
  const folders = [...new Set([dir, ...(spec.folders ?? [])])];
  return [
    ...['--name', container, '--label', `${PART_LABELS.part}=${name}`],
    ...['--label', `${PART_LABELS.folder}=${dir}`],
    ...['--label', `${PART_LABELS.life}=${spec.life ?? 'with-parent'}`],
    ...withFolders(folders),
    ...['--cap-drop', 'ALL', ...(spec.capabilities ?? []).flatMap((one) => ['--cap-add', one])],
    ...['--security-opt', 'no-new-privileges'],
    // An image may ask for another signal, and for checks of a part that listens elsewhere.
    ...['--stop-signal', spec.stopSignal ?? 'SIGTERM', '--no-healthcheck'],
    ...['--network', network, '--workdir', dir],
    ...['--entrypoint', program, image.name, ...args],
  ];
}

/** Options of `docker run` under which our folders are there, and the files in them ours. */
export const withFolders = (folders: readonly string[]): string[] => [
  ...['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`, '--userns', 'host'],
  ...['--security-opt', 'label=disable', ...folders.flatMap((folder) => ['--mount', mountOf(folder)])],
];

/** Fields of CSV (docker-run(1), `--mount`). */
function mountOf(folder: string): string {
  const field = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  return ['type=bind', field(`source=${folder}`), field(`target=${folder}`)].join(',');
}

const STATE = '{{.State.Status}} {{.State.ExitCode}}';

async function containersOf(host: string, dir: string, name: string, ...more: string[]): Promise<string[]> {
  const labels = [`${PART_LABELS.part}=${name}`, `${PART_LABELS.folder}=${dir}`, ...more];
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  const ids = await docker(host, ['ps', '--all', '--quiet', '--no-trunc', ...filters]);
  return ids.split('\n').filter((id) => /^[0-9a-f]{64}$/.test(id));
}

async function pidOf(host: string, container: string): Promise<number | null> {
  return Number(await docker(host, ['inspect', '--format', '{{.State.Pid}}', container])) || null;
}

/** The engine that has the folder's containers of that part: another one may be named meanwhile. */
async function engineOf(dir: string, name: string): Promise<string | null> {
  return (await readFile(engineFile(dir, name), 'utf8').catch(() => '')).trim() || null;
}

const engineFile = (dir: string, name: string): string => path.join(dir, `${name}.engine`);
const logFile = ({ dir, name }: ContainerSpec): string => path.join(dir, `${name}.log`);

function failed(spec: ContainerSpec, cause: string): Problem {
  const part = `${spec.name} from the image ${spec.image.name}`;
  return new Problem('part_failed', { part, cause, log: logFile(spec) });
}
