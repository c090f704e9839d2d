import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from './clean-up.ts';
import type { SupervisorJob } from './spawn-part.ts';

/*
 * Runs one part for a parent that may die at any moment: `node supervise.ts <job as JSON>`. Standard input is held
 * open by the parent; when it ends, by intent or by the parent's death, the part is stopped and its leftovers removed.
 * The part gets this process's environment. Says `pid <n>` and `exit <code or signal>` on standard output. A part that
 * ends by itself is not cleaned up after until the parent asks, so that a test may kill it and start it again on the
 * same files.
 */
const job = JSON.parse(process.argv[2] ?? '{}') as SupervisorJob;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
process.stdout.on('error', () => undefined);

const log = openSync(job.log, 'a', 0o600);
const child = spawn(job.command, job.args, {
  cwd: job.dir,
  stdio: ['ignore', log, log],
  detached: true,
});
closeSync(log);
let exited = false;
const exit = new Promise<void>((resolve) => {
  const tell = (how: string | number): void => {
    exited = true;
    process.stdout.write(`exit ${how}\n`);
    resolve();
  };
  child.on('error', (error) => tell(error.message));
  child.on('exit', (code, signal) => tell(code ?? signal ?? 'unknown'));
});
if (child.pid !== undefined) process.stdout.write(`pid ${child.pid}\n`);

process.stdin.on('end', () => void end()).on('error', () => void end());
process.stdin.resume();

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  if (!exited) {
    child.kill('SIGCONT');
    child.kill(job.stopSignal);
    await Promise.race([exit, sleep(job.graceMs)]);
    if (!exited) await cleanUp(job.cleanUp, 'help-to-end');
    await Promise.race([exit, sleep(job.graceMs * 5)]);
    if (!exited) child.kill('SIGKILL');
    await exit;
  }
  await cleanUp(job.cleanUp, 'ended');
  process.exit(0);
}
