import { openSync, readSync } from 'node:fs';
import path from 'node:path';

/*
 * Loaded by `--import` before anything of a server or a worker: its wall clock is the machine's and as many
 * milliseconds as `$SLIPWAY_TEST_CLOCKS/server` or `…/worker` says, a number of 8 bytes that is read at each look. So it
 * jumps at once in the middle of whatever goes on, as under `settimeofday`, while monotonic time and timers go on. The
 * machine's clock stays as it is, and so do the times of files.
 */
const folder = process.env['SLIPWAY_TEST_CLOCKS'];
const program = process.argv[1] ?? '';
if (folder !== undefined && /(src|worker)\/main\.ts$/.test(program))
  move(path.join(folder, program.endsWith('worker/main.ts') ? 'worker' : 'server'));

function move(file: string): void {
  const MachineDate = Date;
  const machineNow = Date.now;
  const offset = new Float64Array(1);
  const bytes = new Uint8Array(offset.buffer);
  const descriptor = openSync(file, 'r');
  const now = (): number => {
    readSync(descriptor, bytes, 0, 8, 0);
    return machineNow() + (offset[0] ?? 0);
  };
  globalThis.Date = new Proxy(MachineDate, {
    construct: (target, parameters, newTarget) =>
      Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, newTarget) as Date,
    apply: () => new MachineDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
}
