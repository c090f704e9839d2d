import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Fault {
  readonly index: number;
  readonly fault: string;
}

/** What a child tells of its files. Times of one file; `slowestMs` of the processor, `longestMs` by the clock. */
export interface ChildReport {
  readonly wrong: readonly Fault[];
  /** How many had a plan all the same. */
  readonly planned: number;
  readonly slowestMs: number;
  readonly slowest: number;
  readonly longestMs: number;
  /** Resident memory at its most. */
  readonly peakMb: number;
}

const CHILD = fileURLToPath(new URL('fuzz-child.ts', import.meta.url));
/** Node's own heap; beside it a process has its program, its stack and its buffers. */
const HEAP = ['--max-old-space-size=96', '--max-semi-space-size=4', '--expose-gc'];
/** A file that takes longer has hung: of the processor, which a busy machine may keep from it for as long by the clock. */
const HUNG_MS = 30_000;
const LOOK_MS = 1_000;
/** Of `/proc`, which counts in hundredths of a second wherever Linux runs. */
const TICK_MS = 10;

/** Lints and plans mutated files, all following from the seed, in a child with little memory. One that dies is a fault. */
export async function fuzzFiles(files: number, seed: number): Promise<ChildReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-fuzz-'));
  const progress = path.join(folder, 'index');
  let all: ChildReport = { wrong: [], planned: 0, slowestMs: 0, slowest: 0, longestMs: 0, peakMb: 0 };
  // Once, for the next one to find its program compiled: a compiler's memory is not what is looked at.
  const compiled = process.env['NODE_COMPILE_CACHE'] || path.join(folder, 'compiled');
  try {
    await runChild(seed, 0, 0, progress, compiled);
    for (let from = 0; from < files;) {
      const { report, died } = await runChild(seed, from, files, progress, compiled);
      if (report !== null) return together(all, report);
      const index = Number(await readFile(progress, 'utf8'));
      all = { ...all, wrong: [...all.wrong, { index, fault: died }] };
      from = index + 1;
    }
    return all;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runChild(seed: number, from: number, to: number, progress: string, compiled: string) {
  const args = [...HEAP, CHILD, String(seed), String(from), String(to), progress];
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let hung = false;
  let seen = { index: '', sinceMs: 0 };
  const look = async (): Promise<void> => {
    const [index, cpuMs] = await Promise.all([readFile(progress, 'utf8'), cpuMsOf(child.pid)]);
    if (index !== seen.index) seen = { index, sinceMs: cpuMs };
    else if (cpuMs - seen.sinceMs > HUNG_MS) hung = child.kill('SIGKILL');
  };
  // Not yet begun, or over.
  const watch = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  const [out, said, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | string | null>((resolve) =>
      child.on('close', (status, signal) => resolve(status ?? signal)),
    ),
  ]);
  clearInterval(watch);
  if (code === 0) return { report: JSON.parse(out) as ChildReport, died: '' };
  const died = hung ? 'hung' : `died of ${code}: ${said.trim().split('\n').slice(-1)[0] ?? ''}`;
  return { report: null, died };
}

/** What a process has used of the processor. */
async function cpuMsOf(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8');
  // The command's name, in parentheses, may have blanks.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * TICK_MS;
}

function together(a: ChildReport, b: ChildReport): ChildReport {
  const slower = a.slowestMs > b.slowestMs ? a : b;
  return {
    wrong: [...a.wrong, ...b.wrong],
    planned: a.planned + b.planned,
    slowestMs: slower.slowestMs,
    slowest: slower.slowest,
    longestMs: Math.max(a.longestMs, b.longestMs),
    peakMb: Math.max(a.peakMb, b.peakMb),
  };
}
