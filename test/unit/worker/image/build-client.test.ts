import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBuildClient } from '../../../../worker/image/build-client.ts';

let scratch: string;
beforeEach(() => (scratch = mkdtempSync(path.join(tmpdir(), 'client-test-'))));
afterEach(() => rmSync(scratch, { recursive: true }));

/** A `docker` that answers as the real ones do: 28 without buildx, 20.10 with BuildKit built in, 28 with buildx. */
const ANSWERS = {
  bare: `case "$*" in --version) echo 'Docker version 28.2.2, build e6534b4';;
    "buildx version") echo 'docker: unknown command: docker buildx' >&2; exit 1;;
    *) echo 'ERROR: BuildKit is enabled but the buildx component is missing or broken.' >&2; exit 1;; esac`,
  builtIn: `case "$*" in --version) echo 'Docker version 20.10.24, build 297e128';;
    "buildx version") echo "docker: 'buildx' is not a docker command." >&2; exit 1;;
    *) [ "$DOCKER_BUILDKIT" = 1 ] && echo '      --secret stringArray      Secret file to expose';; esac`,
  buildx: `case "$*" in --version) echo 'Docker version 28.2.2, build e6534b4';;
    "buildx version") echo 'github.com/docker/buildx v0.24.0 d0e5e86';;
    *) echo '      --secret stringArray';; esac`,
  broken: 'exit 127',
};

function install(folder: string, answers: keyof typeof ANSWERS): string {
  mkdirSync(path.join(scratch, folder), { recursive: true });
  const file = path.join(scratch, folder, 'docker');
  writeFileSync(file, `#!/bin/sh\n${ANSWERS[answers]}\n`);
  chmodSync(file, 0o755);
  return file;
}
const search = (...folders: readonly string[]): ReturnType<typeof findBuildClient> =>
  findBuildClient({ PATH: folders.map((folder) => path.join(scratch, folder)).join(':') }, []);

test('skips a newer client without buildx for an older one with BuildKit built in, and says why', async () => {
  const bare = install('a', 'bare');
  const builtIn = install('b', 'builtIn');
  const found = await search('a', 'b');
  expect(found.client).toEqual({
    command: builtIn,
    kind: 'built-in',
    version: 'Docker version 20.10.24, build 297e128',
  });
  expect(found.skipped).toEqual([
    { command: bare, why: 'Docker version 28.2.2, build e6534b4 has neither buildx nor BuildKit built in' },
  ]);
});

test('prefers buildx wherever it stands on PATH', async () => {
  install('a', 'builtIn');
  const buildx = install('b', 'buildx');
  const found = await search('a', 'b');
  expect(found.client).toMatchObject({ command: buildx, kind: 'buildx' });
  expect(found.client?.version).toContain('buildx v0.24.0');
});

test('asks a command once that is on PATH by several names', async () => {
  install('a', 'bare');
  symlinkSync(path.join(scratch, 'a'), path.join(scratch, 'b'));
  expect((await search('a', 'b')).skipped).toHaveLength(1);
});

test('finds nothing, and says so, where no docker can build', async () => {
  install('a', 'broken');
  const found = await search('a', 'none');
  expect(found.client).toBeNull();
  expect(found.skipped[0]?.why).toMatch(/^a command that does not tell its version/);
});
