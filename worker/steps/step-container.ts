import { setTimeout as sleep } from 'node:timers/promises';
import type { Attachment } from '../engine/attach.ts';
import type { ContainerSpec } from '../engine/create-container.ts';
import { EngineLost } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
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
  /** Whether the engine's connection of the start still stands. */
  sameEngine(): boolean;
  /** Ends and removes it; resolves when the engine no longer knows it. Safe to repeat. */
  remove(): Promise<void>;
}

/** How long the engine may take to begin to tell its events. */
const EVENTS_MS = 5_000;
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
  if (
    !(await Promise.race([engine.events.ready().then(() => true), sleep(EVENTS_MS, false, { ref: false })]))
  )
    throw new EngineLost('the engine tells no events');
  const connection = engine.events.connection();
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
      sameEngine: () => engine.events.connection() === connection,
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
