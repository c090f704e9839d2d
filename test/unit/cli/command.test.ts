import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const MAIN = path.join(root, 'src/cli/main.ts');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is started by npx, whatever Node the machine has', async () => {
  const file = path.join(folder, 'slipway.yml');
  await writeFile(file, 'steps:\n  - name: unit\n    comands: [npm test]\n');
  // The machine's own Node, not the one that runs the tests.
  const PATH = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((one) => !one.startsWith(path.join(root, 'node_modules')))
    .join(path.delimiter);
  const ended = await promisify(execFile)('npx', ['--no-install', 'slipway', 'lint', file], {
    cwd: root,
    env: { ...process.env, PATH, NODE_OPTIONS: '' },
  }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
  expect(ended).toMatchObject({ code: 1 });
  expect(`${ended.stdout}${ended.stderr}`).toContain('commands');
});

it('ends without a word when who reads its output has gone', async () => {
  const file = path.join(folder, 'unread.yml');
  await writeFile(file, 'steps:\n  - name: unit\n    comands: [npm test]\n');
  const command = '{ "$0" "$1" lint "$2"; echo "ended with $?" >&2; } | true';
  const { stderr } = await promisify(execFile)('sh', ['-c', command, process.execPath, MAIN, file]);
  expect(stderr).toBe('ended with 141\n');
});
