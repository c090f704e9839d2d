import type { Attachment } from '../engine/attach.ts';
import type { ContainerSpec } from '../engine/create-container.ts';
import type { Engine } from '../engine/engine.ts';
import { watchEngine } from '../engine/watch-engine.ts';
import { HELPER } from './ensure-helper.ts';

/** A container that waits for a step's commands, or runs them. */
export interface StepContainer {
  readonly id: string;
  /** Resolves when the container ended or the connection to it broke. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** Whether the engine told of a process killed for lack of memory. */
  sawOutOfMemory(): boolean;
  /** Whether this process once stood still for longer than the container waits for it. */
  overslept(): boolean;
  /** Whether the engine went away since the start, or is about to. */
  isEngineUnwell(): Promise<boolean>;
  /** Ends and removes it; resolves when the engine no longer knows it. Safe to repeat. */
  remove(): Promise<void>;
}

/** Beats per dead man's time: some may be late. */
const BEATS = 6;

/**
 * Starts a container that idles on the helper until commands are run in it, and is a dead man's switch: it ends,
 * and the engine removes it, when its stdin ends (this process died) or when nothing came over it for `deadManMs`
 * (this process stands still, or the network to the engine does). TERM and its like do not end it.
 */
export async function startStepContainer(
  engine: Engine,
  spec: Omit<
    ContainerSpec,
    'entrypoint' | 'command' | 'holdStdin' | 'stopSignal' | 'removeAtEnd' | 'noHealthcheck'
  >,
  deadManMs: number,
): Promise<StepContainer> {
  const { isUnwell } = await watchEngine(engine);
  const id = await engine.createContainer({
    ...spec,
    entrypoint: [HELPER, 'sh', '-c', idleScript(deadManMs)],
    command: [],
    holdStdin: true,
    stopSignal: 'SIGKILL',
    removeAtEnd: true,
    noHealthcheck: true,
  });
  let outOfMemory = false;
  const unwatch = engine.events.watch(id, (event) => {
    outOfMemory ||= event.kind === 'oom';
  });
  try {
    const attachment = await engine.attach(id);
    const heart = beat(attachment, deadManMs);
    let over = false;
    const ended = drain(attachment).then(() => {
      over = true;
      heart.stop();
    });
    await engine.startContainer(id);
    return {
      id,
      ended,
      hasEnded: () => over,
      sawOutOfMemory: () => outOfMemory,
      overslept: () => heart.overslept(),
      isEngineUnwell: isUnwell,
      remove: async () => {
        heart.stop();
        unwatch();
        attachment.close();
        await engine.removeContainer(id);
      },
    };
  } catch (error) {
    unwatch();
    await engine.removeContainer(id).catch(() => undefined);
    throw error;
  }
}

/** Waits line by line; an end of stdin or `deadManMs` without a line ends it. */
export function idleScript(deadManMs: number): string {
  return `trap '' HUP INT TERM; while read -r -t ${Math.ceil(deadManMs / 1000)} _; do :; done`;
}

function beat(attachment: Attachment, deadManMs: number): { stop(): void; overslept(): boolean } {
  let last = performance.now();
  let overslept = false;
  const timer = setInterval(() => {
    overslept ||= performance.now() - last > deadManMs;
    last = performance.now();
    attachment.write('\n');
  }, deadManMs / BEATS);
  return {
    stop: () => clearInterval(timer),
    overslept: () => overslept || performance.now() - last > deadManMs,
  };
}

async function drain(attachment: Attachment): Promise<void> {
  try {
    const output = attachment.output[Symbol.asyncIterator]();
    while ((await output.next()).done !== true);
  } catch {
    // a broken connection is an end, too; who asks for the cause looks at the engine
  }
}
