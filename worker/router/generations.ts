import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { renameDurably, replaceDurably, syncPath, writeNewFile } from '../../src/files/durable.ts';
import { CERTIFICATE_LIST, FILES, renderRouter, type RouterPlaces } from './render-router.ts';
import type { RouterState } from './state.ts';

/**
 * A router's directory holds generations, `gen-<number>/`, each with every file of one rendering, and `current`,
 * a link to the one that HAProxy reads when it starts. A generation is made whole, durable and only once: of two
 * who make the same number one fails. So the highest number is the truth, whoever sleeps or dies on the way.
 */
export interface Generation {
  readonly number: number;
  readonly state: RouterState;
}

const KEPT = 3;

export function placesOf(dir: string, number: number): RouterPlaces {
  return {
    generation: path.join(dir, `gen-${number}`),
    adminSocket: path.join(dir, 'runtime.sock'),
    sideSocket: path.join(dir, 'side.sock'),
    certificates: path.join(dir, 'certificates', CERTIFICATE_LIST),
  };
}

/** Number of the newest generation; 0 when there is none. Synchronous: nothing happens between this and what follows it. */
export function highestGeneration(dir: string): number {
  const numbers = readdirSync(dir).map((name) => Number(/^gen-(\d+)$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** The newest generation, or null in an empty directory. */
export async function readGeneration(dir: string): Promise<Generation | null> {
  for (;;) {
    const number = highestGeneration(dir);
    if (number === 0) return null;
    try {
      const text = await readFile(path.join(dir, `gen-${number}`, FILES.state), 'utf8');
      return { number, state: JSON.parse(text) as RouterState };
    } catch (error) {
      // Removed while being read: there is a newer one.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || highestGeneration(dir) === number)
        throw error;
    }
  }
}

/** Makes generation `number`, durable when this resolves. False: there is one of that number already. */
export async function writeGeneration(dir: string, number: number, state: RouterState): Promise<boolean> {
  const places = placesOf(dir, number);
  const aside = path.join(dir, `aside-${randomBytes(6).toString('hex')}`);
  await mkdir(aside, { mode: 0o700 });
  try {
    const files = Object.entries(renderRouter(state, places));
    await Promise.all(files.map(([name, text]) => writeNewFile(path.join(aside, name), text)));
    await syncPath(aside);
    await renameDurably(aside, places.generation);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Number that `current` points to; 0 when it points nowhere. */
export async function currentGeneration(dir: string): Promise<number> {
  try {
    return Number(/gen-(\d+)$/.exec(await readlink(path.join(dir, 'current')))?.[1] ?? 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Points `current` to generation `number`, durable when this resolves, and removes generations long past. */
export async function pointCurrent(dir: string, number: number): Promise<void> {
  await replaceDurably(path.join(dir, 'current'), (aside) => symlink(`gen-${number}`, aside));
  const past = readdirSync(dir).filter(
    (name) => Number(/^gen-(\d+)$/.exec(name)?.[1] ?? number) <= number - KEPT,
  );
  await Promise.all(past.map((name) => rm(path.join(dir, name), { recursive: true, force: true })));
}
