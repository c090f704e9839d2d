import { openSync, readFileSync, writeSync } from 'node:fs';
import process from 'node:process';
import type { LintProblem } from '../../../src/pipeline/lint-problem.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline, type PlanOutcome } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from '../../unit/pipeline/support.ts';
import { readCorpus } from './corpus.ts';
import type { ChildReport } from './fuzz-files.ts';
import { mutateFile } from './mutate-file.ts';

/*
 * node fuzz-child.ts <seed> <from> <to> <file of progress>: lints and plans mutated files one after the other. The index
 * of each is on the disk before it is looked at, so that whoever started this knows what ended it. Wants --expose-gc.
 */
const [seed = 0, from = 0, to = 0] = process.argv.slice(2, 5).map(Number);
const progress = openSync(process.argv[5] ?? '', 'w');
const corpus = readCorpus();
const message = `${'an "evil" message; $(reboot) ${CI_REPO} *[!a]* '.repeat(1_400)}`;
const events = Object.values(EVENTS).map((event) => ({ ...event, message }));

/**
 * V8 keeps pages on which nothing is left: after 60,000 files 67 MB of 174, while its heap was of 28. They are given back
 * every so many files, since no file needs them; what one does need counts, by the kernel, at whatever moment it does.
 */
const GIVE_BACK_EVERY = 1_000;

let report: ChildReport = { wrong: [], planned: 0, slowestMs: 0, slowest: from, longestMs: 0, peakMb: 0 };
for (let index = from; index < to; index++) {
  writeSync(progress, String(index).padEnd(12), 0);
  if (index % GIVE_BACK_EVERY === 0)
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const bytes = mutateFile(corpus, seed, index);
  const { fault, hasPlan, ms, clockMs } = look(bytes, index);
  report = {
    ...report,
    wrong: fault === null ? report.wrong : [...report.wrong, { index, fault }],
    planned: report.planned + (hasPlan ? 1 : 0),
    ...(ms > report.slowestMs ? { slowestMs: ms, slowest: index } : {}),
    longestMs: Math.max(report.longestMs, clockMs),
  };
}
process.stdout.write(JSON.stringify({ ...report, peakMb: peakMb() }));

/** Of this program alone: the kernel's `ru_maxrss` starts from the peak of the process that started it, execve(2) keeps it. */
function peakMb(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Math.ceil(Number(kilobytes) / 1_000);
}

interface Look {
  readonly fault: string | null;
  readonly hasPlan: boolean;
  /** Of the slower of lint and plan. */
  readonly ms: number;
  readonly clockMs: number;
}

function look(bytes: Buffer, index: number): Look {
  try {
    const event = events[index % events.length] ?? EVENTS.push;
    const linted = timed(() => lintPipeline(bytes, 'slipway.yml'));
    const planned = timed(() => planPipeline(inputOf(bytes, event)));
    return {
      fault: faultOf(linted.value, planned.value),
      hasPlan: planned.value.plan !== null,
      ms: Math.max(linted.ms, planned.ms),
      clockMs: Math.max(linted.clockMs, planned.clockMs),
    };
  } catch (error) {
    return { fault: `thrown: ${String(error)}`, hasPlan: false, ms: 0, clockMs: 0 };
  }
}

function timed<T>(work: () => T): { readonly value: T; readonly ms: number; readonly clockMs: number } {
  const [cpu, clock] = [process.cpuUsage(), performance.now()];
  const value = work();
  const { user, system } = process.cpuUsage(cpu);
  return { value, ms: (user + system) / 1_000, clockMs: performance.now() - clock };
}

/** What must never be so, whatever the file. */
function faultOf(linted: readonly LintProblem[], { plan, problems }: PlanOutcome): string | null {
  if ((plan !== null) !== (problems.length === 0)) return 'a plan with problems';
  if (linted.length > 101) return `${linted.length} problems`;
  const wrong = linted.find(
    ({ line, column, length, excerpt, message: said, fix }) =>
      Math.min(line, column, length, excerpt.start + 1) < 1 ||
      excerpt.text.length > 102 ||
      said.length + fix.length > 1_500,
  );
  return wrong === undefined ? null : `a problem out of bounds: ${JSON.stringify(wrong)}`;
}
