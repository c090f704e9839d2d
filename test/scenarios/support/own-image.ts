import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { dockerClient } from '../../../src/parts/docker.ts';
import { findBuildClient } from '../../../worker/image/build-client.ts';
import { baseImage, dockerImage } from '../../support/images.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** What the Dockerfile's arguments are where no image can be pulled. */
export const LOCAL_ARGUMENTS = {
  NODE_IMAGE: 'slipway-test/base:1',
  DOCKER_IMAGE: 'slipway-test/docker:1',
} as const;

/**
 * An image with what the Dockerfile's stage "build" makes, of the packages and pages that are here: `slipway-test/built:1`.
 * @param place An empty folder for it.
 */
export async function builtImage(dockerHost: string, place: string): Promise<string> {
  const built = path.join(place, 'slipway');
  await mkdir(built);
  await run(process.execPath, [path.join(ROOT, 'scripts/build.ts'), path.join(built, 'dist')], { cwd: ROOT });
  for (const name of ['package.json', 'scripts/slipway.mjs', 'packaging/container.sh'])
    await cp(path.join(ROOT, name), path.join(built, name));
  for (const folder of await productionPackages())
    await cp(path.join(ROOT, folder), path.join(built, folder), { recursive: true, filter: isRead });
  const archive = path.join(place, 'built.tar');
  await run('tar', ['-C', place, '--owner=0', '--group=0', '-cf', archive, 'slipway']);
  await run(dockerClient(), ['--host', dockerHost, 'import', archive, BUILT]);
  return BUILT;
}

/** What the Dockerfile leaves of packages. */
const isRead = (file: string): boolean => !/\.(?:d\.[cm]?ts|map)$/.test(file);

const BUILT = 'slipway-test/built:1';

/** Slipway's image by its Dockerfile, without Slipway: `slipway-test/slipway:1`. */
export async function ownImage(dockerHost: string, place: string): Promise<string> {
  await Promise.all([baseImage(dockerHost), dockerImage(dockerHost)]);
  const values = { ...LOCAL_ARGUMENTS, BUILT: await builtImage(dockerHost, place) };
  const { client } = await findBuildClient();
  const given = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const context = path.join(place, 'context');
  await mkdir(context);
  const file = ['--file', path.join(ROOT, 'Dockerfile'), '--tag', 'slipway-test/slipway:1', context];
  await run(client?.command ?? 'docker', ['--host', dockerHost, 'build', ...given, ...file], {
    env: { ...process.env, DOCKER_BUILDKIT: '1' },
  });
  return 'slipway-test/slipway:1';
}

/** Folders of the packages that run and are here, from the root. */
async function productionPackages(): Promise<readonly string[]> {
  const text = await readFile(path.join(ROOT, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, { readonly dev?: boolean }>> };
  const folders = Object.keys(packages).filter((folder) => folder !== '' && packages[folder]?.dev !== true);
  return folders.filter((folder) => existsSync(path.join(ROOT, folder)));
}
