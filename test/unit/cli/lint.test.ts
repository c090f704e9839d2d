import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'slipway-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return name;
};

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const slipway = (argv: readonly string[], input = ''): Promise<Result> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...argv], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });

test('a good file: its name, "no problems", status 0', async () => {
  const file = write('good.yml', 'steps: { a: { image: "node:20", commands: x } }\n');
  expect(await slipway(['lint', file])).toEqual({ status: 0, stdout: 'good.yml: no problems\n', stderr: '' });
});

test('warnings do not fail, errors do; every file is shown, without colours in a pipe', async () => {
  const warned = write('warned.yml', 'steps: { a: { image: node, commands: x } }\n');
  const wrong = write('wrong.yml', 'steps: { a: { image: "node:20", comands: x } }\n');
  expect((await slipway(['lint', warned])).status).toBe(0);
  const { status, stdout } = await slipway(['lint', warned, wrong]);
  expect(status).toBe(1);
  expect(stdout).toContain('warned.yml:1:22 warning image_mutable');
  expect(stdout).toContain('wrong.yml:1:33 error key_unknown');
  expect(stdout).not.toContain('\u001b');
});

test('--json is one document with every problem', async () => {
  const file = write('json.yml', 'imag: {}\nsteps: { a: { image: "node:20", commands: x } }\n');
  const { status, stdout } = await slipway(['lint', '--json', file]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    problems: [
      { severity: 'error', code: 'key_unknown', file: 'json.yml', line: 1, column: 1, length: 4, path: '' },
    ],
  });
});

test('"-" is standard input', async () => {
  const { status, stdout } = await slipway(['lint', '-'], 'imag: {}');
  expect([status, stdout.split('\n')[0]]).toEqual([1, 'standard input:1:1 error key_unknown']);
});

test('without a file name it is slipway.yml; with a Dockerfile alone, the default pipeline', async () => {
  expect(await slipway(['lint'])).toMatchObject({ status: 2 });
  write('Dockerfile', 'FROM scratch\n');
  expect(await slipway(['lint'])).toMatchObject({ status: 0, stdout: 'default pipeline: no problems\n' });
});

test('wrong use and files that are not there end with status 2 and say what is meant', async () => {
  expect(await slipway(['lint', 'gone.yml'])).toEqual({
    status: 2,
    stdout: '',
    stderr:
      'slipway lint: There is no file gone.yml. Name the pipeline file, or run it where slipway.yml is.\n',
  });
  expect((await slipway(['lint', '.'])).stderr).toBe(
    'slipway lint: . is a folder. Name the pipeline file in it.\n',
  );
  const { status, stderr } = await slipway(['lint', '--colour']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('Usage: slipway lint')]);
});
