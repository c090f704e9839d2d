import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { Problem } from '../src/core/problem.ts';
import { installMissing } from '../src/parts/install-missing.ts';
import { PROGRAMS, type ProgramName } from '../src/parts/needed-programs.ts';

/*
 * `npm test`: set-up, then the tests that want the machine's parts for themselves, then those in lanes. They wait for
 * real times to pass, so that beside them, at a lower priority, runs what needs no part: first format, lint and types,
 * which leave no trace on the machine, then the unit tests. A failing check does not hold the rest up. A few files that
 * failed are run again at the end, with the machine to themselves. A test that passed only when it was tried again is
 * named with its first failure. The last line is `N passed, N failed`, tests and checks together; the exit code says the
 * same. Arguments go to vitest, alone: `npm test -- test/unit/core`.
 */
interface Counted {
  readonly passed: number;
  readonly failed: number;
  /** Test files of which something failed, with what is counted of them. */
  readonly failedFiles?: readonly (Counted & { readonly name: string })[];
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

const startMs = Date.now();
await setUp();
const words = process.argv.slice(2);
const counts = await (words.length > 0 ? tests(words, 'inherit').then((one) => [one]) : everything());
if (words.length === 0) counts.push(...(await failedFilesAlone(counts)));
const passed = counts.reduce((sum, one) => sum + one.passed, 0);
const failed = counts.reduce((sum, one) => sum + one.failed, 0);
console.log(`\nformat, lint, types and tests, in ${seconds(startMs)}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function everything(): Promise<Counted[]> {
  const alone = await Promise.all([tests(['--project', 'parts'], 'inherit'), checks()]);
  const inLanes = await Promise.all([
    tests(['--project', 'real', '--project', 'e2e'], 'inherit'),
    tests(['--project', 'unit'], 'pipe'),
  ]);
  return [...alone.flat(), ...inLanes];
}

async function checks(): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  for (const one of CHECKS) counted.push(await check(one));
  return counted;
}

/** Runs them once more when they are few; what they count for then, and the opposite of what they counted for before. */
async function failedFilesAlone(counts: readonly Counted[]): Promise<readonly Counted[]> {
  const files = counts.flatMap(({ failedFiles = [] }) => failedFiles);
  if (files.length === 0 || files.length > MOST_AGAIN) return [];
  const names = files.map(({ name }) => name);
  console.log(`\nagain, with the machine to themselves: ${names.join(' ')}`);
  const before = files.map(({ passed, failed }) => ({ passed: -passed, failed: -failed }));
  return [...before, await tests([...names, '--no-file-parallelism'], 'inherit')];
}

async function setUp(): Promise<void> {
  try {
    const mayInstall = process.env['SLIPWAY_INSTALL'] !== '0';
    await installMissing(Object.keys(PROGRAMS) as ProgramName[], {
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
async function check([name, file, ...args]: (typeof CHECKS)[number]): Promise<Counted> {
  const beganMs = Date.now();
  const { code, output } = await run(file, args, 'pipe');
  if (code !== 0) console.log(output.trimEnd());
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds(beganMs)})`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** The tests that vitest finds by `args`; with `pipe`, its output is shown when one failed. */
async function tests(args: readonly string[], show: 'pipe' | 'inherit'): Promise<Counted> {
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
    const failedFiles = files.filter(({ status }) => status === 'failed').map(countedFile);
    const failed = failedFiles.reduce((sum, file) => sum + file.failed, 0);
    const passed = results.numPassedTests ?? 0;
    const unhandled = Number(await readFile(`${file}.unhandled`, 'utf8').catch(() => '0'));
    const elsewhere = Math.max(unhandled, code !== 0 && failed === 0 ? 1 : 0);
    return { passed, failed: failed + elsewhere, failedFiles };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What we read of vitest's JSON report. */
interface Results {
  readonly numPassedTests: number;
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
function countedFile({ name, assertionResults }: Results['testResults'][number]): Counted & { name: string } {
  const count = (wanted: string) => assertionResults.filter(({ status }) => status === wanted).length;
  return { name: path.relative('.', name), passed: count('passed'), failed: Math.max(1, count('failed')) };
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
