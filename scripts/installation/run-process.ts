import path from 'node:path';
import { NODE_FLAGS } from '../../config/node-flags.ts';
import { keepAlive } from '../../src/parts/keep-alive.ts';
import type { Part } from '../../src/parts/part.ts';
import { spawnPart } from '../../src/parts/spawn-part.ts';

/** One of our own processes, kept running. */
export interface Running {
  /** Ends it, with time to finish what it may finish. */
  stop(): Promise<void>;
}

export interface ProcessSpec {
  /** `<name>.log` in `dir` is its log. */
  readonly name: string;
  /** From the root, without its ending: it runs in the form that we do, as TypeScript or built. */
  readonly program: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isReady: () => Promise<boolean>;
  readonly say: (sentence: string) => void;
}

/**
 * Runs it until it is stopped, or until this process is gone; one that ends by itself is started again.
 * @throws Problem `part_failed` when it does not come up the first time.
 */
export function runProcess(spec: ProcessSpec): Promise<Running> {
  const log = path.join(spec.dir, `${spec.name}.log`);
  return keepAlive({ what: `the ${spec.name}`, log, start: () => start(spec), say: spec.say });
}

const ROOT = path.join(import.meta.dirname, '../..');

function start(spec: ProcessSpec): Promise<Part> {
  const env = Object.entries(spec.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return spawnPart({
    name: spec.name,
    dir: spec.dir,
    command: process.execPath,
    args: [...NODE_FLAGS, path.join(ROOT, `${spec.program}${path.extname(import.meta.filename)}`)],
    env: Object.fromEntries(env),
    isReady: () => spec.isReady().catch(() => false),
    // A worker takes up to 15 s to remove what its builds have made.
    graceMs: 4_000,
  });
}
