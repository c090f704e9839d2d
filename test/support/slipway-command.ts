import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { nodeEnvironment } from './node-environment.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command in a process of its own, as it runs. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has written to standard output so far. */
  readonly stdout: () => string;
  readonly ended: Promise<Ran>;
}

export function startSlipway(args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...nodeEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => (out[name] += part));
  const ended = new Promise<Ran>((resolve) => child.on('close', (status) => resolve({ status, ...out })));
  return { child, stdout: () => out.stdout, ended };
}
