import Dockerode from 'dockerode';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { cacheDir } from '../cache-dir.ts';
import { packRootFs, type RootFs } from './root-fs.ts';

/** How to make one local image. */
export interface ImageRecipe {
  /** e.g. `slipway-test/node`. */
  readonly repository: string;
  readonly tag: string;
  /** Files whose change makes it stale, beside the recipe itself. */
  readonly inputs: readonly string[];
  /** Adds to a root file system that has busybox. */
  readonly fill: (fs: RootFs) => Promise<void>;
  /** Settings as Dockerfile instructions: ENV, CMD, USER, HEALTHCHECK, … */
  readonly changes: readonly string[];
}

const KEY_LABEL = 'slipway.test.key';
/** Raised when the base of every root file system changes. */
const BASE = '2';

/**
 * Sees to it that the engine has the image: as it is, else from the archive in the cache, else freshly packed.
 * It stays in the engine: it is made of this machine's programs alone.
 * @returns its name, e.g. `slipway-test/node:24`.
 */
export async function ensureImage(dockerHost: string, recipe: ImageRecipe): Promise<string> {
  const docker = connect(dockerHost);
  const name = `${recipe.repository}:${recipe.tag}`;
  const key = await keyOf(recipe);
  const there = await docker
    .getImage(name)
    .inspect()
    .catch(() => null);
  if (there?.Config.Labels?.[KEY_LABEL] === key) return name;
  const archive = await archiveOf(recipe, key);
  const changes = ['ENV PATH=/usr/local/bin:/usr/bin:/bin', ...recipe.changes, `LABEL ${KEY_LABEL}=${key}`];
  const answer = await docker.importImage(createReadStream(archive), {
    repo: recipe.repository,
    tag: recipe.tag,
    changes: changes.join('\n'),
  });
  const said = await text(answer);
  if (said.includes('"error"')) throw new Error(`${name} was not imported: ${said}`);
  return name;
}

function connect(dockerHost: string): Dockerode {
  const url = new URL(dockerHost);
  return url.protocol === 'unix:'
    ? new Dockerode({ socketPath: url.pathname })
    : new Dockerode({ host: url.hostname, port: Number(url.port) });
}

/** Changes with the recipe's text and its inputs' size and time. */
async function keyOf(recipe: ImageRecipe): Promise<string> {
  const hash = createHash('sha256')
    .update(BASE)
    .update(recipe.fill.toString())
    .update(recipe.changes.join('\n'));
  for (const input of recipe.inputs) {
    const facts = statSync(await realpath(input));
    hash.update(`${input} ${facts.size} ${facts.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 12);
}

async function archiveOf(recipe: ImageRecipe, key: string): Promise<string> {
  const folder = path.join(cacheDir(), 'images');
  const stem = `${recipe.repository.replaceAll('/', '-')}-${recipe.tag}`;
  const archive = path.join(folder, `${stem}-${key}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true });
  await packRootFs(archive, recipe.fill);
  const stale = (await readdir(folder)).filter(
    (file) => /^[0-9a-f]{12}\.tar$/.test(file.slice(stem.length + 1)) && file.startsWith(`${stem}-`),
  );
  for (const file of stale) if (!archive.endsWith(file)) await rm(path.join(folder, file), { force: true });
  return archive;
}
