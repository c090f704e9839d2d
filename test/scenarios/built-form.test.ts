import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../router/support/router-under-test.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');

/** A folder as `npm install` of the package leaves it, but with all packages. */
let place: string;
let dist: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'slipway-built-'));
  dist = path.join(place, 'dist');
  await run(process.execPath, [path.join(ROOT, 'scripts/build.ts'), dist], { cwd: ROOT });
});
afterAll(async () => {
  for (const child of children) await end(child);
  await rm(place, { recursive: true, force: true });
});

it('is JavaScript that names no file that is not there, and no package that only development has', async () => {
  const { dependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const files = await filesBelow(dist);
  expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
  for (const file of files.filter((name) => name.endsWith('.js') && !name.startsWith('web/'))) {
    const text = await readFile(path.join(dist, file), 'utf8');
    for (const [, name = ''] of text.matchAll(
      /^(?:import|export|\}) ?.*?\bfrom '([^']+)';$|^import '([^']+)';$/gm,
    )) {
      const known = name.startsWith('.')
        ? files.includes(path.join(path.dirname(file), name))
        : name.startsWith('node:') || builtinModules.includes(name) || packageOf(name) in dependencies;
      expect(known, `${file} imports ${name}`).toBe(true);
    }
  }
});

it('is the same, byte for byte, when it is built again', async () => {
  const again = path.join(place, 'again');
  await run(process.execPath, [path.join(ROOT, 'scripts/build.ts'), again], { cwd: ROOT });
  await run('diff', ['--recursive', '--brief', dist, again]);
});

it('runs as command, server with its pages, and worker', async () => {
  await symlink(path.join(ROOT, 'node_modules'), path.join(dist, 'node_modules'));
  const at = (name: string): string => path.join(place, name);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { redisUrl, dockerHost } = testParts();
  const server = { SLIPWAY_DATA: at('data'), SLIPWAY_URL: url, SLIPWAY_LISTEN: `127.0.0.1:${port}` };
  start('src/main.js', { ...server, REDIS_URL: redisUrl });
  await waitFor('the server answers', async () => (await fetch(`${url}/healthz`)).ok, 60_000);
  expect(await (await fetch(url)).text()).toContain('<script type="module"');
  await run(process.execPath, [path.join(dist, 'scripts/health.js')], { env: { ...server } });

  const token = (await readFile(at('data/admin-token'), 'utf8')).trim();
  const env = { ...nodeEnvironment(), SLIPWAY_URL: url, SLIPWAY_TOKEN: token };
  const command = [path.join(dist, 'src/cli/main.js'), 'worker', 'add', 'built', '--json'];
  const made = await run(process.execPath, command, { env });
  const worker = start('worker/main.js', {
    ...{ SLIPWAY_DATA: at('worker'), SLIPWAY_SERVER_URL: url, SLIPWAY_WORKER_NAME: 'built' },
    SLIPWAY_WORKER_TOKEN: (JSON.parse(made.stdout) as { token: string }).token,
    ...{ REDIS_URL: redisUrl, DOCKER_HOST: dockerHost },
  });
  await waitFor('the worker is ready', () => worker.said().includes('the worker is ready'), 60_000);
});

it('is what the command of the npm package runs, with nothing else than the package holds', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const outside = files
    .map((file) => file.path)
    .filter(
      (file) =>
        !/^(?:dist|docs|packaging\/systemd|config\/example\.env|scripts\/slipway\.mjs)(?:\/|$)/.test(file),
    );
  expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);

  const installed = path.join(place, 'installed');
  await mkdir(path.join(installed, 'scripts'), { recursive: true });
  await cp(path.join(ROOT, 'scripts/slipway.mjs'), path.join(installed, 'scripts/slipway.mjs'));
  await symlink(dist, path.join(installed, 'dist'));
  const { stdout: help } = await run(process.execPath, [
    path.join(installed, 'scripts/slipway.mjs'),
    '--help',
  ]);
  expect(help).toContain('Usage: slipway <command>');
});

function start(file: string, env: Record<string, string>): { said: () => string } {
  const child = spawn(process.execPath, [path.join(dist, file)], {
    env: { ...nodeEnvironment(), HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.unshift(child);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (said += part));
  return { said: () => said };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
