import { mkdir, writeFile } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Wall clocks of a system's server and worker, each of which can be moved while it runs; see `moved-clock.ts`. */
export interface Clocks {
  /** To be in the environment of both. */
  readonly env: Readonly<Record<string, string>>;
  /** The process shows the machine's time and `ms` from now on, also after a restart. */
  move(whose: 'server' | 'worker', ms: number): Promise<void>;
}

/** @param folder Is made. */
export async function makeClocks(folder: string): Promise<Clocks> {
  const move = async (whose: string, ms: number): Promise<void> => {
    const file = await open(path.join(folder, whose), 'r+');
    try {
      // One write: who looks meanwhile sees the one or the other.
      await file.write(new Uint8Array(Float64Array.of(ms).buffer), 0, 8, 0);
    } finally {
      await file.close();
    }
  };
  await mkdir(folder, { recursive: true });
  for (const whose of ['server', 'worker']) await writeFile(path.join(folder, whose), new Uint8Array(8));
  return { env: { SLIPWAY_TEST_CLOCKS: folder }, move };
}

/** As a word of NODE_OPTIONS. */
export const MOVED_CLOCK = `--import=${fileURLToPath(new URL('moved-clock.ts', import.meta.url))}`;
