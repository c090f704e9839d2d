import { spawn } from 'node:child_process';

/**
 * Runs the demo in a process that lives on, and shows its output until it has shown everything. Its pipes end with
 * this process, so that whoever waits for our output is not kept waiting.
 * @returns the exit code.
 */
export function keepRunning(file: string, options: ReadonlySet<string>): Promise<number> {
  const args = [...options].filter((option) => option !== '--keep');
  const child = spawn(process.execPath, [file, ...args, '--kept'], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
    child.on('message', () =>
      // What was said before the message may still be on its way.
      setTimeout(() => process.exit(0), 300),
    );
  });
}
