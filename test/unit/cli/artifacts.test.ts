import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ArtifactView } from '../../../src/core/views/build-view.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');
const digestOf = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

let folder: string;
let server: Server;
let artifacts: ArtifactView[];
/** What is answered for an artifact's id, which may be something else than what is told of it. */
let contents: Map<string, string>;
let loaded: string[];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-artifacts-'));
  artifacts = [];
  contents = new Map();
  loaded = [];
  server = createServer((request, response) => {
    const [, kind, id = ''] = /^\/api\/v1\/(builds|artifacts)\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (request.headers.authorization !== 'Bearer right' || kind === undefined)
      return response.writeHead(401).end('{}');
    if (kind === 'builds') return response.end(JSON.stringify({ id, artifacts }));
    loaded.push(id);
    const content = contents.get(id);
    // What has no content begins, and never ends.
    return content === undefined ? response.write('w') : response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function has(id: string, name: string, content: string, more: Partial<ArtifactView> = {}): void {
  const bytes = Buffer.byteLength(content);
  const about = { step: 'make', files: 2, bytes, digest: digestOf(content), expiresAtMs: null };
  artifacts.push({ id, name, ...about, ...more });
  contents.set(id, content);
}

function start(...args: string[]) {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [MAIN, 'artifacts', 'bld_1', ...args], {
    cwd: folder,
    env: { ...nodeEnvironment(), SLIPWAY_URL: `http://127.0.0.1:${port}`, SLIPWAY_TOKEN: 'right' },
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const read = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = read.then(async ([stdout, stderr]) => ({ status: await closed, stdout, stderr }));
  return { child, ended };
}

const run = (...args: string[]) => start(...args).ended;

it('are not listed where something was said of a download alone', async () => {
  for (const option of [['--to', 'out'], ['--force']])
    expect(await run(...option)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(`slipway: ${option[0]} goes with --download`) as string,
    });
});

it('are not written where the system lets nobody make a folder, and that ends', async () => {
  has('art_1', 'site', 'x');
  for (const [to, code] of [
    ['/proc/slipway/x', 'ENOENT'],
    ['file/x', 'EEXIST'],
  ] as const) {
    writeFileSync(path.join(folder, 'file'), '');
    const { status, stderr } = await run('--download', '--to', to);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^slipway: ${code}: .*\\n  Correct what it names`));
  }
  expect(loaded).toEqual([]);
});

it('are listed with their step, size and end, as JSON too', async () => {
  has('art_1', 'site', 'x'.repeat(2_500_000), { expiresAtMs: Date.UTC(2030, 0, 2, 3, 4) });
  has('art_2', 'dist', 'a', { files: 1 });
  const { stdout } = await run();
  expect(stdout).toBe(
    'site  make  2 files, 2.5 MB  until 2030-01-02T03:04Z\ndist  make  1 file, 1 B      with its build\n',
  );
  expect(JSON.parse((await run('--json', '--name', 'dist')).stdout)).toMatchObject([{ id: 'art_2' }]);
  expect(await run('--name', 'site2')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no artifact "site2"; there are: site, dist') as string,
  });
});

it('are saved by their names, two of one name apart, and not loaded again where they are whole', async () => {
  has('art_1', 'site', 'first');
  has('art_2', 'site', 'second');
  has('art_3', 'dist', 'third');
  expect(await run('--download', '--to', 'out/deep')).toMatchObject({ status: 0 });
  const read = (name: string) => readFileSync(path.join(folder, 'out/deep', name), 'utf8');
  expect(['site.tar.gz', 'site-2.tar.gz', 'dist.tar.gz'].map(read)).toEqual(['first', 'second', 'third']);
  writeFileSync(path.join(folder, 'out/deep/dist.tar.gz'), 'thir');
  loaded = [];
  const refused = await run('--download', '--to', 'out/deep');
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain('The file out/deep/dist.tar.gz is there, and is not the artifact dist;');
  expect(refused.stderr).toContain('--force');
  expect([loaded, read('dist.tar.gz')]).toEqual([[], 'thir']);
  expect((await run('--download', '--to', 'out/deep', '--force')).stdout).toContain('was there');
  expect(loaded).toEqual(['art_3']);
  expect(read('dist.tar.gz')).toBe('third');
});

it('have a file each, also where one is named as the second of another would be, and with --name as without', async () => {
  for (const [index, name] of ['logs', 'logs', 'logs-2', 'Logs', 'logs'].entries())
    has(`art_${index}`, name, `${index}`);
  expect(await run('--download')).toMatchObject({ status: 0, stderr: '' });
  const files = { logs: '0', 'logs-3': '1', 'logs-2': '2', 'Logs-4': '3', 'logs-5': '4' };
  const all = () =>
    Object.fromEntries(
      readdirSync(folder).map((name) => [
        name.replace('.tar.gz', ''),
        readFileSync(path.join(folder, name), 'utf8'),
      ]),
    );
  expect(all()).toEqual(files);
  loaded = [];
  expect(await run('--download', '--name', 'logs-2', '--name', 'Logs')).toMatchObject({ status: 0 });
  expect([loaded, all()]).toEqual([[], files]);
});

it('leave no part of a file after Ctrl-C', async () => {
  has('art_1', 'site', 'whole');
  contents.delete('art_1');
  const { child, ended } = start('--download');
  await expect.poll(() => readdirSync(folder), { timeout: 20_000 }).toHaveLength(1);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ status: 130 });
  expect(readdirSync(folder)).toEqual([]);
});

it('leave nothing where what comes is short, long or another, nor outside of the folder', async () => {
  for (const came of ['shor', 'longer', 'other']) {
    artifacts = [];
    has('art_1', 'site', 'right');
    contents.set('art_1', came);
    const { status, stderr } = await run('--download');
    expect(status).toBe(1);
    expect(stderr).toContain('The artifact site was not saved: ');
    expect(readdirSync(folder)).toEqual([]);
  }
  artifacts = [];
  has('art_1', '../outside', 'x');
  expect(await run('--download')).toMatchObject({ status: 1 });
  expect(existsSync(path.join(folder, '../outside.tar.gz'))).toBe(false);
});
