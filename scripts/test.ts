import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { Problem } from '../src/core/problem.ts';
import { installMissing } from '../src/parts/install-missing.ts';
import { PROGRAMS, type ProgramName } from '../src/parts/needed-programs.ts';

/*
 * `npm test`: set-up, then the tests that want the machine's parts for themselves, then those in lanes. They wait for
 * real times to pass, so that beside them, at a lower priority, runs what needs no part and waits for none of them:
 * format, lint and types, then the unit tests. A failing check does not hold the rest up. A few files that failed are run
 * again at the end, with the machine to themselves. A test that passed only when it was tried again is named with its
 * first failure. The last lines name what failed, then say `N passed, N failed`, tests and checks together; the exit code
 * says the same. Arguments go to vitest, alone: `npm test -- test/unit/core`.
 */
interface Outcome {
  readonly passed: number;
  /** A line each: a check, a test, or a test file that fails as a whole. */
  readonly failures: readonly string[];
}

interface TestsOutcome extends Outcome {
  /** Test files of which something failed: not counted in the above. */
  readonly failedFiles: readonly (Outcome & { readonly name: string })[];
}

/** More files than this do not fail by bad luck. */
const MOST_AGAIN = 4;

const CHECKS: readonly (readonly [name: string, file: string, ...args: string[]])[] = [
  ['format', commandOf('prettier'), '--check', '--log-level', 'warn', '.'],
  ['types and lint', path.join(import.meta.dirname, 'types-and-lint.ts')],
];

/** As vitest's JSON report says it. */
const SKIPPED: ReadonlySet<string> = new Set(['skipped', 'pending', 'todo']);

/** Of what runs beside the tests on real parts: they have the machine first. */
const LOW_PRIORITY = 10;

/** `npm run self`, and what nothing else needs. */
const IS_SELF = (process.env['SLIPWAY_SELF'] ?? '') !== '';
const OF_SELF: ReadonlySet<ProgramName> = new Set(['compose', 'mmdebstrap']);

const startMs = Date.now();
await setUp();
const words = process.argv.slice(2);
const outcomes = words.length > 0 ? await named(words) : await everything();
const passed = outcomes.reduce((sum, one) => sum + one.passed, 0);
const failures = outcomes.flatMap((one) => one.failures);
console.log(`\nformat, lint, types and tests, in ${seconds(startMs)}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;

async function named(words: readonly string[]): Promise<readonly Outcome[]> {
  const one = await tests(words, 'inherit');
  return [one, ...one.failedFiles];
}

async function everything(): Promise<readonly Outcome[]> {
  const [onParts, { checked, unit }] = await Promise.all([testsOnParts(), withoutParts()]);
  const tested = [...onParts, unit];
  return [
    ...checked,
    ...tested,
    ...(await failedFilesAlone(tested.flatMap(({ failedFiles }) => failedFiles))),
  ];
}

async function testsOnParts(): Promise<readonly TestsOutcome[]> {
  const alone = await tests(['--project', 'parts'], 'inherit');
  return [alone, await tests(['--project', 'real', '--project', 'e2e'], 'inherit')];
}

async function withoutParts(): Promise<{
  readonly checked: readonly Outcome[];
  readonly unit: TestsOutcome;
}> {
  const checked: Outcome[] = [];
  for (const one of CHECKS) checked.push(await check(one));
  return { checked, unit: await tests(['--project', 'unit'], 'pipe') };
}

/** Runs them once more when they are few, and counts what they do then. */
async function failedFilesAlone(files: TestsOutcome['failedFiles']): Promise<readonly Outcome[]> {
  if (files.length === 0 || files.length > MOST_AGAIN) return files;
  const names = files.map(({ name }) => name);
  console.log(`\nagain, with the machine to themselves: ${names.join(' ')}`);
  return named([...names, '--no-file-parallelism']);
}

async function setUp(): Promise<void> {
  try {
    const mayInstall = process.env['SLIPWAY_INSTALL'] !== '0';
    const names = (Object.keys(PROGRAMS) as ProgramName[]).filter((name) => IS_SELF || !OF_SELF.has(name));
    await installMissing(names, {
      mayInstall,
      say: (sentence) => console.log(`set-up: ${sentence}`),
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.error(`set-up failed: ${error.message}\n${error.fix}`);
    process.exit(1);
  }
}

/** One check; its output is shown when it failed. */
async function check([name, file, ...args]: (typeof CHECKS)[number]): Promise<Outcome> {
  const beganMs = Date.now();
  const { code, output } = await run(file, args, 'pipe');
  if (code !== 0) console.log(output.trimEnd());
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds(beganMs)})`);
  return code === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [name] };
}

/** The tests that vitest finds by `args`; with `pipe`, its output is shown when one failed. */
async function tests(args: readonly string[], show: 'pipe' | 'inherit'): Promise<TestsOutcome> {
  const beganMs = Date.now();
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-results-'));
  try {
    const file = path.join(folder, 'results.json');
    const reporters = [
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
      `--reporter=${path.join(import.meta.dirname, 'count-unhandled.ts')}`,
    ];
    const { code, output } = await run(commandOf('vitest'), ['run', ...reporters, ...args], show);
    if (show === 'pipe') {
      if (code !== 0) console.log(output.trimEnd());
      console.log(`${code === 0 ? '✓' : '✗'} ${args.join(' ')} (${seconds(beganMs)})`);
    }
    const results = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<Results>;
    const files = results.testResults ?? [];
    sayRetried(files);
    saySkipped(files);
    const unhandled = Number(await readFile(`${file}.unhandled`, 'utf8').catch(() => '0'));
    const failedFiles = files.filter(({ status }) => status === 'failed').map(outcomeOf);
    const passed = files.filter(({ status }) => status !== 'failed').map(outcomeOf);
    const failures =
      unhandled > 0
        ? [`${args.join(' ')}: ${unhandled} errors that nobody handled`]
        : code !== 0 && failedFiles.length === 0
          ? [`${args.join(' ')}: ended with ${code}`]
          : [];
    return { passed: passed.reduce((sum, one) => sum + one.passed, 0), failures, failedFiles };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What we read of vitest's JSON report. */
interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      /** Also of a test that passed later. */
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A file that cannot be loaded, or whose set-up or end fails, fails no single test. */
function outcomeOf(file: Results['testResults'][number]): Outcome & { readonly name: string } {
  const name = path.relative('.', file.name);
  const of = (wanted: string) => file.assertionResults.filter(({ status }) => status === wanted);
  const failures = of('failed').map(({ fullName }) => `${name} > ${fullName}`);
  const asAWhole = file.status === 'failed' && failures.length === 0;
  return { name, passed: of('passed').length, failures: asAWhole ? [name] : failures };
}

/** Some need root, a program that is not there, or to be asked for by a variable. */
function saySkipped(files: Results['testResults']): void {
  for (const { name, assertionResults } of files)
    for (const { fullName } of assertionResults.filter(({ status }) => SKIPPED.has(status)))
      console.log(`not run here: ${path.relative('.', name)} > ${fullName}`);
}

function sayRetried(files: Results['testResults']): void {
  for (const { name, assertionResults } of files)
    for (const { fullName, status, failureMessages } of assertionResults)
      if (status === 'passed' && failureMessages.length > 0)
        console.log(`\nretried: ${path.relative('.', name)} > ${fullName}\n${failureMessages[0] ?? ''}`);
}

/** File behind a command that a package brings. */
function commandOf(name: string): string {
  return path.join(import.meta.dirname, '../node_modules/.bin', name);
}

/** Runs a program with this Node. */
function run(
  file: string,
  args: readonly string[],
  output: 'pipe' | 'inherit',
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', output, output] });
  if (output === 'pipe' && child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output: text }));
  });
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1_000).toFixed(1)} s`;
}
