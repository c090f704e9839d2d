import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const job = (steps: string, rest = ''): string =>
  `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n${rest}    steps:\n${steps.replace(/^/gm, '      ')}\n`;
const NODE = '- { uses: actions/setup-node@v4, with: { node-version: 20 } }\n';
const PYTHON = '- { uses: actions/setup-python@v5, with: { python-version: "3.12" } }\n';

it('a job with a container stays in its image, and what is set up in it is noted', () => {
  const text = job(`${NODE}- run: mytool`, '    container: registry.example.com/my/custom:1\n');
  expect(textOf('github', text)).toContain('image: registry.example.com/my/custom:1\n');
  expect(textOf('github', text)).not.toContain('node:20');
  expect(notesOf('github', text)).toEqual([
    expect.stringMatching(
      /^7 convert_changed: .*uses.*the image of its `container`, which may lack the tool/,
    ),
  ]);
});

it('of two tools the later has the image, and that is noted; a later version of one is not', () => {
  const two = job(`${NODE}${PYTHON}- run: npm test && python x.py`);
  expect(textOf('github', two)).toContain('image: python:3.12\n');
  expect(notesOf('github', two)).toEqual([
    expect.stringMatching(
      /^7 convert_changed: .*run in `python:3.12`, and have the tool of `node:20` no more/,
    ),
  ]);
  const later = job(`${NODE}- run: npm test\n${NODE.replace('20', '22')}- run: npm test`);
  expect(textOf('github', later).match(/image: node:\d+/g)).toEqual(['image: node:20', 'image: node:22']);
  expect(notesOf('github', later)).toEqual([]);
});

it.each<[string, string, number]>([
  ["github.ref == 'refs/heads/main'", 'node:20', 1],
  ['failure()', 'node:20', 1],
  ["hashFiles('a') == 'b'", 'node:20', 1],
  ['always()', 'node:20', 0],
  ['true', 'node:20', 0],
  ["runner.os == 'Linux'", 'node:20', 0],
  ["runner.os == 'Windows'", 'ubuntu:24.04', 1],
])('a tool that is set up if %s', (condition, image, notes) => {
  const text = job(`${NODE.replace('{ uses', `{ if: "${condition}", uses`)}- run: npm test`);
  expect(textOf('github', text)).toContain(`image: ${image}\n`);
  expect(notesOf('github', text)).toHaveLength(notes);
  expect(errorsOf('github', text)).toEqual([]);
});

it.each<[string, string]>([
  ['continue-on-error: true', 'after a step of the job that failed its others run, too'],
  ['timeout-minutes: 5', 'each step of the job may take as long'],
])('%s of a job of several steps is noted, as it is said of each of them here', (line, note) => {
  const several = job(`${NODE}- run: a\n- run: b`, `    ${line}\n`);
  expect(notesOf('github', several)).toEqual([expect.stringContaining(note)]);
  expect(notesOf('github', job(`${NODE}- run: a`, `    ${line}\n`))).toEqual([]);
});

it.each<[string, string | null]>([
  ['bash', 'bash -eo pipefail'],
  ['bash --noprofile --norc -eo pipefail {0}', 'bash -eo pipefail'],
  ['bash {0}', 'bash'],
  ['bash -e {0}', 'bash -e'],
  ['bash -o pipefail {0}', 'bash -o pipefail'],
  ['sh {0}', 'sh'],
  ['sh', null],
  ['sh -e {0}', null],
])('a step with the shell %s is run by %s', (shell, ran) => {
  const text = job(`${NODE}- { run: "false", shell: "${shell}" }`);
  const [, command] = /\n {6}- (?:\|-?\n {8})?(.*)/.exec(textOf('github', text)) ?? [];
  expect(command).toBe(ran === null ? '"false"' : `${ran} /dev/fd/3 3<<'END_OF_SCRIPT'`);
  expect(notesOf('github', text)).toEqual([]);
});
