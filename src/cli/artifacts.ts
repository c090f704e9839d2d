import { createHash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatBytes } from '../../worker/registry/format-bytes.ts';
import { ARTIFACT_NAME } from '../core/artifact.ts';
import type { ArtifactView, BuildView } from '../core/views/build-view.ts';
import { makeFolderDurably } from '../files/durable.ts';
import { ApiError, type ApiClient } from './api-client.ts';
import { callServer, UsageError, WrongValue, type Call, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { oneLine, paint, table } from './print.ts';

const artifacts: ServerCommand = {
  usage: `slipway artifacts <build>                                     (an id, or like shop/web#12: lists them)
       slipway artifacts <build> --download [--name NAME]… [--to FOLDER] [--force]
       Each is saved as <name>.tar.gz, in this folder unless --to says another, and held against its size and digest; one
       that is there already, and whole, is not loaded again. --force overwrites other files of these names`,
  arguments: [1, 1],
  options: {
    download: { type: 'boolean' },
    name: { type: 'string', multiple: true },
    to: { type: 'string' },
    force: { type: 'boolean' },
  },
  run: async (call) => {
    const { api, positionals, values, say } = call;
    for (const option of ['to', 'force'])
      if (values[option] !== undefined && values['download'] !== true)
        throw new UsageError(`--${option} goes with --download`);
    const id = await findBuild(api, positionals[0] ?? '');
    const build = await api.request<BuildView>('GET', `/builds/${segment(id)}`);
    const all = build.artifacts ?? [];
    const chosen = named(all, values['name']);
    if (values['download'] === true) return downloadAll(call, chosen, fileNames(all));
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
  throw new WrongValue(`the build has no artifact "${String(unknown)}"; there are: ${known}`);
}

/** By their ids. Of several of one name the further ones have a number, as no other artifact's file; case is no difference. */
function fileNames(all: readonly ArtifactView[]): ReadonlyMap<string, string> {
  const own = new Set(all.map(({ name }) => name.toLowerCase()));
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const { id, name } of all) {
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number += 1) {
      const numbered = `${name}-${number}`;
      if (!own.has(numbered.toLowerCase())) free = numbered;
    }
    taken.add(free.toLowerCase());
    names.set(id, `${free}.tar.gz`);
  }
  return names;
}

async function downloadAll(
  { api, values, say }: Call,
  chosen: readonly ArtifactView[],
  names: ReadonlyMap<string, string>,
): Promise<void> {
  const folder = path.resolve(typeof values['to'] === 'string' ? values['to'] : '.');
  await makeFolderDurably(folder);
  const wanted = [];
  for (const artifact of chosen) {
    // The server's word is not enough for a path of this machine.
    if (!ARTIFACT_NAME.test(artifact.name)) throw wrong(artifact, 'its name is none');
    const file = path.join(folder, names.get(artifact.id) ?? '');
    const held = await whatIsAt(file, artifact);
    if (held === 'another' && values['force'] !== true) throw occupied(file, artifact);
    wanted.push({ artifact, file, isThere: held === 'it' });
  }
  for (const { artifact, file, isThere } of wanted) {
    if (!isThere) await download(api, artifact, file);
    say(`${path.relative('.', file)}  ${amount(artifact)}${isThere ? paint('dim', '  was there') : ''}`);
  }
}

function occupied(file: string, { name }: ArtifactView): ApiError {
  return new ApiError(
    `The file ${oneLine(path.relative('.', file))} is there, and is not the artifact ${oneLine(name)}; nothing was saved.`,
    'Move it away, choose another folder with --to, or overwrite it with --force.',
    0,
  );
}

/** Whether a file holds the artifact, whole. */
async function whatIsAt(
  file: string,
  { bytes, digest }: ArtifactView,
): Promise<'nothing' | 'it' | 'another'> {
  const hash = createHash('sha256');
  let read = 0;
  try {
    for await (const part of createReadStream(file)) {
      read += (part as Buffer).byteLength;
      if (read > bytes) return 'another';
      hash.update(part as Buffer);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'nothing';
    if (code === 'EISDIR') return 'another';
    throw error;
  }
  return read === bytes && `sha256:${hash.digest('hex')}` === digest ? 'it' : 'another';
}

/** Written aside and renamed: what has the name is whole. What was written aside goes, also by Ctrl-C. */
async function download(api: ApiClient, artifact: ArtifactView, file: string): Promise<void> {
  const response = await api.open(`/artifacts/${segment(artifact.id)}`);
  if (response.body === null) throw wrong(artifact, 'the answer is empty');
  const aside = `${file}.${process.pid}.part`;
  const end = (_: NodeJS.Signals, number: number): never => {
    rmSync(aside, { force: true });
    process.exit(128 + number);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    await writeAside(artifact, response.body, aside);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

async function writeAside(
  artifact: ArtifactView,
  body: NonNullable<Response['body']>,
  aside: string,
): Promise<void> {
  const { bytes, digest } = artifact;
  const handle = await open(aside, 'wx', 0o644);
  const hash = createHash('sha256');
  let read = 0;
  try {
    await pipeline(
      body,
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
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}

function wrong({ name }: ArtifactView, cause: string): ApiError {
  return new ApiError(`The artifact ${oneLine(name)} was not saved: ${cause}.`, 'Run the command again.', 0);
}

function amount({ files, bytes }: ArtifactView): string {
  return `${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
}

function expiry({ expiresAtMs }: ArtifactView): string {
  return expiresAtMs === null
    ? 'with its build'
    : `until ${new Date(expiresAtMs).toISOString().slice(0, 16)}Z`;
}
