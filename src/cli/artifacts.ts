import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ARTIFACT_NAME } from '../core/artifact.ts';
import type { ArtifactView, BuildView } from '../core/view.ts';
import { ApiError, type ApiClient } from './api-client.ts';
import { callServer, UsageError, type Call, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { oneLine, paint, table } from './print.ts';

const artifacts: ServerCommand = {
  usage: `slipway artifacts <build>                                     (an id, or like shop/web#12: lists them)
       slipway artifacts <build> --download [--name NAME]… [--to FOLDER]
       Each is saved as <name>.tar.gz, in this folder unless --to says another, and held against its size and digest; one
       that is there already, and whole, is not loaded again`,
  arguments: [1, 1],
  options: {
    download: { type: 'boolean' },
    name: { type: 'string', multiple: true },
    to: { type: 'string' },
  },
  run: async (call) => {
    const { api, positionals, values, say } = call;
    const id = await findBuild(api, positionals[0] ?? '');
    const build = await api.request<BuildView>('GET', `/builds/${segment(id)}`);
    const chosen = named(build.artifacts ?? [], values['name']);
    if (values['download'] === true) return downloadAll(call, chosen);
    if (values['json'] === true) return say(JSON.stringify(chosen));
    if (chosen.length === 0) return say('no artifacts');
    say(table(chosen.map((one) => [oneLine(one.name), oneLine(one.step), amount(one), expiry(one)])));
  },
};

/** `slipway artifacts`. Gives the exit status. */
export const artifactsCommand = (argv: readonly string[]): Promise<number> => callServer(artifacts, argv);

function named(all: readonly ArtifactView[], value: Call['values'][string]): readonly ArtifactView[] {
  const names = [value ?? []].flat();
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown === undefined) return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const known = all.map(({ name }) => oneLine(name)).join(', ') || 'none';
  throw new UsageError(`the build has no artifact "${String(unknown)}"; there are: ${known}`);
}

async function downloadAll({ api, values, say }: Call, chosen: readonly ArtifactView[]): Promise<void> {
  const folder = path.resolve(typeof values['to'] === 'string' ? values['to'] : '.');
  await mkdir(folder, { recursive: true });
  const taken = new Map<string, number>();
  for (const artifact of chosen) {
    // The server's word is not enough for a path of this machine.
    if (!ARTIFACT_NAME.test(artifact.name)) throw wrong(artifact, 'its name is none');
    const before = taken.get(artifact.name) ?? 0;
    taken.set(artifact.name, before + 1);
    const file = path.join(folder, `${artifact.name}${before === 0 ? '' : `-${before + 1}`}.tar.gz`);
    const isThere = await isSame(file, artifact);
    if (!isThere) await download(api, artifact, file);
    say(`${path.relative('.', file)}  ${amount(artifact)}${isThere ? paint('dim', '  was there') : ''}`);
  }
}

/** Whether a file holds the artifact, whole. */
async function isSame(file: string, { bytes, digest }: ArtifactView): Promise<boolean> {
  const hash = createHash('sha256');
  let read = 0;
  try {
    for await (const part of createReadStream(file)) {
      read += (part as Buffer).byteLength;
      if (read > bytes) return false;
      hash.update(part as Buffer);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  return read === bytes && `sha256:${hash.digest('hex')}` === digest;
}

/** Written aside and renamed: what has the name is whole. */
async function download(api: ApiClient, artifact: ArtifactView, file: string): Promise<void> {
  const { id, bytes, digest } = artifact;
  const response = await api.open(`/artifacts/${segment(id)}`);
  if (response.body === null) throw wrong(artifact, 'the answer is empty');
  const aside = `${file}.${process.pid}.part`;
  const handle = await open(aside, 'wx', 0o644);
  const hash = createHash('sha256');
  let read = 0;
  try {
    await pipeline(
      response.body,
      async function* (parts: AsyncIterable<Uint8Array>) {
        for await (const part of parts) {
          read += part.byteLength;
          if (read > bytes) throw wrong(artifact, `more than its ${bytes} bytes came`);
          hash.update(part);
          yield part;
        }
      },
      handle.createWriteStream(),
    ).catch((error: unknown) => {
      throw error instanceof ApiError ? error : wrong(artifact, (error as Error).message);
    });
    if (read !== bytes) throw wrong(artifact, `${read} of its ${bytes} bytes came`);
    if (`sha256:${hash.digest('hex')}` !== digest) throw wrong(artifact, `what came is not ${digest}`);
    await rename(aside, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(aside, { force: true });
    throw error;
  }
}

function wrong({ name }: ArtifactView, cause: string): ApiError {
  return new ApiError(`The artifact ${oneLine(name)} was not saved: ${cause}.`, 'Run the command again.', 0);
}

function amount({ files, bytes }: ArtifactView): string {
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `${files} ${files === 1 ? 'file' : 'files'}, ${size}`;
}

function expiry({ expiresAtMs }: ArtifactView): string {
  return expiresAtMs === null
    ? 'with its build'
    : `until ${new Date(expiresAtMs).toISOString().slice(0, 16)}Z`;
}
