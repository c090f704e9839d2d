import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeEnvironment } from '../../support/node-environment.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-values-'));
  writeFileSync(
    path.join(folder, 'slipway.yml'),
    'steps: [{ name: unit, image: "node:24", commands: npm test, environment: { T: { from_secret: t } } }]\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [['run', '--event', 'foo'], 'there is no event "foo"; it is push, pull_request, tag or manual'],
  [
    ['run', '--event', 'tag', '--input', 'a=b'],
    'only a build by hand has inputs: write --event manual, not tag',
  ],
  [['run', '--input', 'a=b'], 'the inputs cannot be taken: there is no input `a`; the file asks for none'],
  [['run', '--matrix', 'NODE'], '--matrix NODE: write NAME=VALUE'],
  [['run', '--include', 'team/shared'], '--include team/shared: write PROJECT=FOLDER'],
  [['run', '--matrix', 'NODE=1'], 'no combination has NODE=1'],
  [['run', '--step', 'unti'], 'there is no step "unti"; did you mean "unit"?'],
  [['run', '--secret', 'none'], '--secret none: there is no variable none or NONE'],
  [['run', '--secret-file', 'none'], 'the file none is not there'],
  [['run', '--shell-on-failure'], '--shell-on-failure needs a terminal'],
  [['lint', '--format', 'xml'], 'there is no format "xml"; it is text, json or sarif'],
  [
    ['convert', '--from', 'make', 'slipway.yml'],
    'there is no format "make"; it is woodpecker, drone, gitlab, github',
  ],
])('%j is a wrong value: one line names it with what it may be, exit status 2', (args, message) => {
  const ran = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, env: nodeEnvironment() });
  const said = ran.stderr.toString();
  expect([ran.status, said]).toEqual([2, `slipway ${args[0] ?? ''}: ${message}\n`]);
});
