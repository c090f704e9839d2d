import type { ChildProcess } from 'node:child_process';

/**
 * Ends a child that leads a process group (spawned with `detached`), with every process that it started: politely,
 * then after `killAfterMs` by force unless its outputs were closed before. Silent when the group is gone.
 */
export function endGroup(child: ChildProcess, killAfterMs: number): void {
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // the group is gone already
    }
  };
  send('SIGTERM');
  const timer = setTimeout(() => send('SIGKILL'), killAfterMs);
  child.once('close', () => clearTimeout(timer));
}
