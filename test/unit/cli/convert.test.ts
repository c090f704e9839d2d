import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'slipway-convert-'));
afterAll(() => rmSync(folder, { recursive: true }));

const slipway = (
  argv: readonly string[],
  input = '',
  cwd = folder,
): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...argv], { cwd }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });

test('a file is converted to standard output, what is left out goes to standard error', async () => {
  writeFileSync(
    path.join(folder, '.woodpecker.yml'),
    'steps:\n  a:\n    image: busybox:1.36\n    commands: x\n    privileged: true\n',
  );
  const { status, stdout, stderr } = await slipway(['convert']);
  expect(status).toBe(0);
  expect(stdout).toBe(
    'image: none\n\nsteps:\n  - name: a\n    image: busybox:1.36\n    commands:\n      - x\n',
  );
  expect(stderr).toContain('.woodpecker.yml:5:5 warning convert_left_out');
  expect(stderr).toMatch(/1 workflow, 1 warning\n$/);
  expect((await slipway(['convert', '--strict'])).status).toBe(1);
});

test('hidden files of the folder are converted, too', async () => {
  const root = path.join(folder, 'hidden');
  mkdirSync(path.join(root, '.woodpecker'), { recursive: true });
  for (const name of ['.a.yml', 'b.yaml', '.yml'])
    writeFileSync(
      path.join(root, '.woodpecker', name),
      'steps: [{ name: a, image: "busybox:1.36", commands: [x] }]\n',
    );
  const { stderr } = await slipway(['convert'], '', root);
  expect(stderr).toMatch(/3 workflows, no problems\n$/);
});

test('--write writes the file, and none over one that is there', async () => {
  const drone = 'kind: pipeline\nname: a\nsteps: [{ name: a, image: "busybox:1.36", commands: [x] }]\n';
  expect(await slipway(['convert', '-', '--write'], drone)).toMatchObject({
    status: 0,
    stdout: 'slipway.yml\n',
  });
  expect(readFileSync(path.join(folder, 'slipway.yml'), 'utf8')).toContain('image: none');
  const again = await slipway(
    ['convert', '-', '--write'],
    `${drone}---\n${drone.replace('name: a', 'name: b')}`,
  );
  expect(again).toMatchObject({ status: 0, stdout: '.slipway/a.yml\n.slipway/b.yml\n' });
  const third = await slipway(['convert', '-', '--write'], drone);
  expect(third.status).toBe(2);
  expect(third.stderr).toContain('slipway.yml is there already');
  expect(existsSync(path.join(folder, '.slipway/a.yml'))).toBe(true);
});

test('wrong use ends with 2, a file that is no YAML with 1', async () => {
  expect((await slipway(['convert', '--from', 'jenkins', '-'], '')).status).toBe(2);
  expect((await slipway(['convert', 'nowhere.yml'])).status).toBe(2);
  expect((await slipway(['convert', '--from', 'drone', '-'], 'steps: [')).status).toBe(1);
});

test('actions of the repository are read with the workflow that uses them, and none outside of it or through a link', async () => {
  const here = mkdtempSync(path.join(folder, 'repository-'));
  const write = (name: string, content: string) => {
    mkdirSync(path.dirname(path.join(here, name)), { recursive: true });
    writeFileSync(path.join(here, name), content);
  };
  const action = (command: string) => `runs: { using: composite, steps: [{ run: ${command}, shell: sh }] }\n`;
  write('../action.yml', action('outside'));
  write('../elsewhere/action.yml', action('outside'));
  symlinkSync('../elsewhere', path.join(here, 'linked'));
  write('.github/actions/a/action.yml', 'runs: { using: composite, steps: [{ uses: ./b/ }] }\n');
  write('b/action.yaml', action('inside'));
  write(
    '.github/workflows/ci.yml',
    'on: push\njobs: { one: { container: "node:20", steps: [{ uses: ./.github/actions/a }, { uses: ./../ }, { uses: ./linked }, { run: x }] } }\n',
  );
  const { status, stdout, stderr } = await slipway(['convert'], '', here);
  expect(status).toBe(0);
  expect(stdout.match(/- name: .*/g)).toEqual(['- name: inside', '- name: x']);
  expect(stderr.match(/(only files of the repository|not among the files)/g)).toEqual([
    'only files of the repository',
    'not among the files',
  ]);
  const named = path.relative(folder, path.join(here, '.github/workflows/ci.yml'));
  expect((await slipway(['convert', named])).stdout).toBe(stdout);
});

test('files that a GitLab file includes are read with it, also by pattern, and none outside of it or through a link', async () => {
  const here = path.join(folder, 'gitlab');
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(here, file)), { recursive: true });
    writeFileSync(path.join(here, file), text);
  };
  const job = (name: string): string => `${name}: { image: "busybox:1.36", script: [x] }\n`;
  write(
    '.gitlab-ci.yml',
    `include: [ci/a.yml, "/ci/deep/*.yml", ../outside.yml, linked.yml]\n${job('main')}`,
  );
  write('ci/a.yml', `include: { local: ci/b.yml }\n${job('a')}`);
  write('ci/b.yml', job('b'));
  write('ci/deep/c.yml', job('c'));
  write('ci/unused.yml', job('unused'));
  writeFileSync(path.join(folder, 'outside.yml'), job('outside'));
  symlinkSync(path.join(folder, 'outside.yml'), path.join(here, 'linked.yml'));
  const { status, stdout, stderr } = await slipway(['convert'], '', here);
  expect(status).toBe(0);
  expect([...stdout.matchAll(/- name: (.*)/g)].map(([, name]) => name)).toEqual(['main', 'a', 'b', 'c']);
  expect(stderr).toContain('`../outside.yml` is not among the files that were read');
  expect(stderr).toContain('`linked.yml` is not among the files that were read');
  expect(stderr).not.toContain('unused');
  const named = await slipway(['convert', '.gitlab-ci.yml', 'ci/a.yml'], '', here);
  expect(named.stdout).toBe(stdout);
});

test('the name of the repository on GitHub is that of the remote `origin`', async () => {
  const here = mkdtempSync(path.join(folder, 'clone-'));
  mkdirSync(path.join(here, '.github/workflows'), { recursive: true });
  writeFileSync(
    path.join(here, '.github/workflows/ci.yml'),
    'on: push\njobs: { one: { steps: [{ uses: docker/build-push-action@v6, with: { push: true, tags: "ghcr.io/${{ github.repository }}:1" } }] } }\n',
  );
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', here, ...args]);
  const repository = async () => /repository: (.*)/.exec((await slipway(['convert'], '', here)).stdout)?.[1];
  git('init', '--quiet');
  expect(await repository()).toBeUndefined();
  git('remote', 'add', 'origin', 'git@github.com:shop/web.git');
  expect(await repository()).toBe('ghcr.io/shop/web');
  for (const [url, name] of [
    ['https://github.com/shop/api', 'ghcr.io/shop/api'],
    ['ssh://git@github.com/shop/ui.git', 'ghcr.io/shop/ui'],
    ['https://git.example.com/shop/web.git', undefined],
    ['https://example.com/github.com/shop/web.git', undefined],
  ] as const) {
    git('remote', 'set-url', 'origin', url);
    expect(await repository(), url).toBe(name);
  }
});
