import type Dockerode from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { exec, inspectExec } from './exec.ts';
import type { ExecSpec } from './exec.ts';

export interface RunResult {
  /** Null when the container ended under it. */
  readonly exitCode: number | null;
  /** Stdout and stderr together, at most `KEPT` bytes from the end. */
  readonly output: string;
}

const KEPT = 64 * 1024;

/** Runs a process in a container to its end. Its whole output is read, the last of it kept. */
export async function run(docker: Dockerode, id: string, spec: ExecSpec): Promise<RunResult> {
  const stream = await exec(docker, id, spec);
  let kept = Buffer.alloc(0);
  for await (const frame of stream.output) kept = Buffer.concat([kept, frame.bytes]).subarray(-KEPT);
  return { exitCode: await exitCodeOf(docker, stream.execId), output: kept.toString('utf8') };
}

/** The engine closes a stream a moment before it knows the exit code: asks until it does. Null when the container is gone. */
export async function exitCodeOf(docker: Dockerode, execId: string): Promise<number | null> {
  for (;;) {
    const end = await inspectExec(docker, execId);
    if (end === null) return null;
    if (!end.running) return end.exitCode;
    await sleep(10);
  }
}
