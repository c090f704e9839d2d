import { execFile } from 'node:child_process';
import { access, constants, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';

/** A `docker` command that can build with BuildKit, secrets included. */
export interface BuildClient {
  /** Absolute path of the command. */
  readonly command: string;
  /** `buildx`: `docker buildx build`; `built-in`: `docker build` with DOCKER_BUILDKIT=1. */
  readonly kind: 'buildx' | 'built-in';
  /** As the command tells it. */
  readonly version: string;
}

/** What the search found; `skipped` says why each other command will not do. For `doctor`. */
export interface BuildClientSearch {
  readonly client: BuildClient | null;
  readonly skipped: readonly { readonly command: string; readonly why: string }[];
}

/** Where `docker` is installed to when PATH does not say. */
const USUAL_PLACES = ['/usr/bin', '/usr/local/bin', '/usr/libexec/docker', '/snap/bin', '/opt/homebrew/bin'];
const PROBE_MS = 10_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Asks each `docker` on PATH and in the usual places what it can: the first with buildx wins, else the first with
 * BuildKit built in (clients of Docker 18.09 to 20.10; later ones without buildx cannot use BuildKit at all).
 * No engine is asked.
 */
export async function findBuildClient(
  environment: Environment = process.env,
  usualPlaces: readonly string[] = USUAL_PLACES,
): Promise<BuildClientSearch> {
  const folders = [
    ...(environment['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder)),
    ...usualPlaces,
  ];
  const commands = await findCommands(folders);
  const probed = await Promise.all(commands.map((command) => probe(command, environment)));
  const client =
    probed.find((found) => found.kind === 'buildx') ??
    probed.find((found) => found.kind === 'built-in') ??
    null;
  const skipped = probed
    .filter((found) => found !== client)
    .map(({ command, kind, version }) => ({
      command,
      why:
        kind === 'none'
          ? `${version} has neither buildx nor BuildKit built in`
          : `${version} would do (${kind}), but another was found first`,
    }));
  return { client: client as BuildClient | null, skipped };
}

/** The client that is found. `onSkipped` is told of each command that will not do. @throws Problem `part_missing`. */
export async function demandBuildClient(
  onSkipped: (skipped: BuildClientSearch['skipped'][number]) => void = () => undefined,
): Promise<BuildClient> {
  const { client, skipped } = await findBuildClient();
  skipped.forEach(onSkipped);
  if (client !== null) return client;
  throw new Problem('part_missing', { part: 'docker with BuildKit', command: 'apt-get install docker.io' });
}

interface Probed {
  readonly command: string;
  readonly kind: BuildClient['kind'] | 'none';
  readonly version: string;
}

async function findCommands(folders: readonly string[]): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    const command = path.join(folder, 'docker');
    const real = await realpath(command).catch(() => null);
    const runs = await access(command, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (real !== null && runs && !found.has(real)) found.set(real, command);
  }
  return [...found.values()];
}

async function probe(command: string, environment: Environment): Promise<Probed> {
  const ask = (args: readonly string[], more: Environment = {}): Promise<string | null> =>
    output(command, args, { ...environment, ...more });
  const [version, buildx, help] = await Promise.all([
    ask(['--version']),
    ask(['buildx', 'version']),
    ask(['build', '--help'], { DOCKER_BUILDKIT: '1' }),
  ]);
  const name = version?.trim() ?? 'a command that does not tell its version';
  if (buildx?.includes('buildx') === true)
    return { command, kind: 'buildx', version: `${name}, ${buildx.trim()}` };
  return { command, kind: help?.includes('--secret') === true ? 'built-in' : 'none', version: name };
}

/** What a command prints to stdout; null when it fails. */
function output(command: string, args: readonly string[], environment: Environment): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { env: { ...environment }, timeout: PROBE_MS }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}
