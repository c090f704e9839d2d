import type { Duplex } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import { callEngine } from '../engine/engine-lost.ts';
import { GO } from './latch/latch.ts';

/** A container whose command begins with the latch. */
export interface HeldApp {
  readonly id: string;
  /** The latch's folder, an archive for `/`. */
  readonly latch: Buffer;
}

/**
 * Starts a container that was created for it, held: nothing of its image runs. One that runs is left as it is,
 * whether it is held or was let go.
 */
export async function holdApp(engine: Engine, { id, latch }: HeldApp): Promise<void> {
  const facts = await engine.inspectContainer(id);
  if (facts?.running === true) return;
  await engine.putArchive(id, '/', latch);
  await engine.startContainer(id);
}

/**
 * Lets the app begin; holds it first when it does not run, as after an end of the engine. What begins is the app's:
 * how it does is for the health check to see. Harmless on an app that was let go, which has another stdin.
 */
export async function letGo(engine: Engine, app: HeldApp): Promise<void> {
  const opening = openStdin(engine, app.id);
  try {
    await Promise.all([opening, holdApp(engine, app)]);
    await send(await opening, GO);
  } finally {
    await opening.then((stdin) => stdin.destroy()).catch(() => undefined);
  }
}

/** A way to the stdin of a container, running or about to be started. */
async function openStdin(engine: Engine, id: string): Promise<Duplex> {
  const stdin = await callEngine(() =>
    engine.docker
      .getContainer(id)
      .attach({ hijack: true, stream: true, stdin: true, stdout: false, stderr: false }),
  );
  return stdin as Duplex;
}

/** Resolves when the engine has passed all of it on: it ends the connection then. */
async function send(stdin: Duplex, text: string): Promise<void> {
  await callEngine(
    () =>
      new Promise<void>((resolve, reject) => {
        const late = new Error(`the engine did not pass on what lets the app begin within ${SEND_MS} ms`);
        const timer = setTimeout(() => reject(late), SEND_MS);
        stdin.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        stdin.once('error', reject);
        stdin.resume();
        stdin.end(text);
      }),
  );
}

const SEND_MS = 10_000;
