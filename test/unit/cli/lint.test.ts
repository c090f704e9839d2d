import { execFile, execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LINT_CATALOGUE } from '../../../src/pipeline/lint-catalogue.ts';
import type { JsonSchema } from '../../../src/pipeline/shape/shape.ts';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'slipway-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { id: string; help: { text: string } }[] } };
    readonly artifacts: readonly { readonly location: { readonly uri: string } }[];
    readonly results: readonly {
      ruleId: string;
      ruleIndex: number;
      locations: readonly {
        physicalLocation: { artifactLocation: { uri: string; index: number } };
      }[];
    }[];
  }[];
}

/** OASIS' schema of SARIF 2.1.0 is one of draft 04; what it uses means the same in draft 07, but for its own name. */
const schema = new URL('../../fixtures/sarif-schema-2.1.0.json', import.meta.url);
const rules = Object.entries(JSON.parse(readFileSync(schema, 'utf8')) as JsonSchema);
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile<SarifLog>(
  Object.fromEntries(rules.filter(([key]) => key !== '$schema' && key !== 'id')),
);

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

test('--format json is --json, and another format is refused', async () => {
  const file = write('format.yml', 'imag: {}\n');
  const json = await slipway(['lint', '--json', file]);
  expect(await slipway(['lint', '--format', 'json', file])).toEqual(json);
  const { status, stderr } = await slipway(['lint', '--format', 'xml', file]);
  expect([status, stderr]).toEqual([2, expect.stringContaining('there is no format "xml"')]);
});

test('--strict makes warnings fail', async () => {
  const warned = write('strict.yml', 'steps: { a: { image: node, commands: x } }\n');
  expect((await slipway(['lint', '--strict', warned])).status).toBe(1);
  const good = write('good.yml', 'steps: { a: { image: "node:20", commands: x } }\n');
  expect((await slipway(['lint', '--strict', good])).status).toBe(0);
});

test('--format sarif is a log that SARIF 2.1.0 allows, with rules and places', async () => {
  mkdirSync(path.join(folder, 'a b'), { recursive: true });
  const wrong = write('a b/wrong.yml', 'steps:\n  - { name: a, image: node, comands: x }\n');
  const { status, stdout } = await slipway(['lint', '--format', 'sarif', wrong]);
  expect(status).toBe(1);
  const log = JSON.parse(stdout) as SarifLog;
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true);
  const [run] = log.runs;
  const [unversioned, misspelt] = run?.results ?? [];
  expect(unversioned).toMatchObject({ ruleId: 'image_mutable', level: 'warning' });
  expect(misspelt).toMatchObject({
    ruleId: 'key_unknown',
    level: 'error',
    message: { text: '`comands` is no key of a step. Did you mean `commands`?' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'a%20b/wrong.yml' },
          region: { startLine: 2, startColumn: 29, endLine: 2, endColumn: 36, snippet: { text: 'comands' } },
        },
      },
    ],
  });
  const told = run?.tool.driver.rules ?? [];
  for (const { ruleId, ruleIndex } of run?.results ?? []) expect(told[ruleIndex]?.id).toBe(ruleId);
  expect(told.map(({ id }) => id)).toEqual(Object.keys(LINT_CATALOGUE));
  for (const { help } of told) expect(help.text).toMatch(/\w.*[.…]$/);
});

test('of a file that is too large no more is read than shows it', async () => {
  const file = path.join(folder, 'large.yml');
  writeFileSync(file, '');
  truncateSync(file, 64 * 1024 ** 3);
  const { status, stdout } = await slipway(['lint', 'large.yml']);
  expect(status).toBe(1);
  expect(stdout).toContain('The file has 68719476736 bytes; 1048576 are read.');
  const endless = await slipway(['lint', '/dev/zero']);
  expect(endless).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('too many bytes') as string,
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

describe('included files', () => {
  const tree = path.join(folder, 'including');
  const shared = path.join(folder, 'shared');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', shared, ...args], { encoding: 'utf8' }).trim();
  let commit = '';
  beforeAll(() => {
    mkdirSync(path.join(tree, 'ci'), { recursive: true });
    mkdirSync(shared);
    git('init', '--quiet');
    writeFileSync(path.join(shared, 'scan.yml'), 'steps: { scan: { image: "a/scan:1", comands: x } }\n');
    git('add', '.');
    git('-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'scan');
    commit = git('rev-parse', 'HEAD');
    writeFileSync(path.join(shared, 'scan.yml'), 'not committed\n');
    writeFileSync(
      path.join(tree, 'ci/lint.yml'),
      'steps: { lint: { image: "node:24", commands: x, depends_on: y } }\n',
    );
    const other = `{ project: team/shared, commit: ${commit}, file: scan.yml }`;
    writeFileSync(
      path.join(tree, 'slipway.yml'),
      `include: [ci/lint.yml, ${other}]\nsteps: { own: { image: "node:24", commands: x, depends_on: lint } }\n`,
    );
  });

  test('of the tree are checked as they are there, and those of other projects only where a clone is named', async () => {
    const alone = await slipway(['lint', 'including/slipway.yml']);
    expect(alone.stdout).toContain('including/slipway.yml:1:104 warning include_unread');
    expect(alone.stdout).toContain('Name a clone of it: `--include team/shared=FOLDER`.');
    expect(alone.stdout).not.toContain('dependency_unknown');
    const whole = await slipway(['lint', 'including/slipway.yml', '--include', 'team/shared=shared']);
    expect(whole.status).toBe(1);
    expect(whole.stdout).toContain('including/ci/lint.yml:1:61 error dependency_unknown');
    expect(whole.stdout).toContain(`team/shared@${commit.slice(0, 8)}:scan.yml:1:37 error key_unknown`);
    const sarif = JSON.parse(
      (
        await slipway([
          'lint',
          'including/slipway.yml',
          '--format',
          'sarif',
          '--include',
          'team/shared=shared',
        ])
      ).stdout,
    ) as SarifLog;
    expect(isSarif(sarif), JSON.stringify(isSarif.errors)).toBe(true);
    const places = sarif.runs[0]?.results.map(
      ({ locations }) => locations[0]?.physicalLocation.artifactLocation,
    );
    for (const place of places ?? [])
      expect(sarif.runs[0]?.artifacts[place?.index ?? -1]?.location.uri).toBe(place?.uri);
  });

  test('behind a link are not read, and a commit that the clone does not have says how to fetch it', async () => {
    symlinkSync('/etc/hostname', path.join(tree, 'link.yml'));
    symlinkSync('/etc', path.join(tree, 'etc'));
    const absent = 'f'.repeat(40);
    writeFileSync(
      path.join(tree, 'linked.yml'),
      `include: [link.yml, etc/hostname, { project: team/shared, commit: ${absent}, file: scan.yml }]\n`,
    );
    const { stdout } = await slipway(['lint', 'including/linked.yml', '--include', 'team/shared=shared']);
    expect(stdout.match(/error include_refused/g)).toHaveLength(3);
    expect(stdout).toContain('`link.yml` is not read: it is a link, or below one.');
    expect(stdout).toContain(`Fetch there: \`git -C shared fetch origin ${absent}\`.`);
    expect(await slipway(['lint', '--include', 'team/shared'])).toMatchObject({ status: 2 });
  });
});
