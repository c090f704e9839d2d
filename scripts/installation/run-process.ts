import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../src/parts/processes.ts';
import { spawnPart } from '../../src/parts/spawn-part.ts';
import type { Part } from '../../src/parts/part.ts';

/** One of our own processes, kept running. */
export interface Running {
  /** Ends it, with time to finish what it may finish. */
  stop(): Promise<void>;
}

export interface ProcessSpec {
  /** `<name>.log` in `dir` is its log. */
  readonly name: string;
  readonly file: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isReady: () => Promise<boolean>;
  readonly say: (sentence: string) => void;
}

/**
 * Runs it until it is stopped, or until this process is gone; one that ends by itself is started again.
 * @throws Problem `part_failed` when it does not come up the first time.
 */
export async function runProcess(spec: ProcessSpec): Promise<Running> {
  let part = await start(spec);
  let stopping = false;
  const watch = async (): Promise<void> => {
    while (!stopping) {
      await sleep(WATCH_MS, undefined, { ref: false });
      if (stopping || isAlive(part.pid)) continue;
      spec.say(`the ${spec.name} ended by itself and is started again; see ${logOf(spec)}`);
      await part.stop();
      part = await start(spec).catch(async (error: unknown) => {
        spec.say(String(error));
        await sleep(WATCH_MS * 5, undefined, { ref: false });
        return part;
      });
    }
  };
  void watch();
  return {
    stop: async () => {
      stopping = true;
      await part.stop();
    },
  };
}

const WATCH_MS = 1_000;
const ROOT = path.join(import.meta.dirname, '../..');

const logOf = (spec: ProcessSpec): string => path.join(spec.dir, `${spec.name}.log`);

function start(spec: ProcessSpec): Promise<Part> {
  const env = Object.entries(spec.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return spawnPart({
    name: spec.name,
    dir: spec.dir,
    command: process.execPath,
    args: [path.join(ROOT, spec.file)],
    env: Object.fromEntries(env),
    isReady: () => spec.isReady().catch(() => false),
    // A worker takes up to 15 s to remove what its builds have made.
    graceMs: 4_000,
  });
}
