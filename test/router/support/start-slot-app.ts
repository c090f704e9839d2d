import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface SlotApp {
  readonly name: string;
  kill(): Promise<void>;
}

/** Starts `slot-app.ts` as a process of its own; resolves when it listens. */
export async function startSlotApp(
  name: string,
  address: string,
  port: number,
  journal: string,
): Promise<SlotApp> {
  const script = path.join(import.meta.dirname, 'slot-app.ts');
  const child = spawn(process.execPath, [script, name, address, String(port), journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended at its start`))),
  ]);
  return {
    name,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
