import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../../src/core/id.ts';
import { takeArtifacts, type Producer } from '../../src/core/take-artifacts.ts';
import type { MatrixValues, Plan } from '../../src/core/plan.ts';
import type { TakenArtifact, TakenWork } from '../../src/core/work.ts';
import type { Packed } from '../collect/pack-files.ts';
import { openOwnRuns } from './own-runs.ts';

type Kept = Producer['artifacts'][number];

/** Artifacts of workflows that run after one another on this machine, until all of them are over. */
export interface ArtifactShelf {
  /** A workflow begins; what `keep` gets from now on is its. */
  begin(workflow: { readonly name: string; readonly matrix: MatrixValues | null }): void;
  /** `pack` writes it to a file that is not there yet. */
  keep(step: string, name: string, pack: (file: string) => Promise<Packed>): Promise<Packed>;
  /** What a workflow takes of those that have run; null: nothing. */
  taken(plan: Plan): TakenWork | null;
  /** Gives `act` the file, which it does not change. */
  open<T>(artifact: TakenArtifact, act: (file: string) => Promise<T>): Promise<T>;
  /** Removes all of them. */
  clear(): Promise<void>;
}

/** @param dir That of local runs: what is left there by one that was killed goes with the next. */
export async function openArtifactShelf(dir: string): Promise<ArtifactShelf> {
  const runs = await openOwnRuns(dir);
  const own = newId('lea');
  const folder = path.join(runs.checkouts, own);
  await runs.begin(own);
  await mkdir(folder, { mode: 0o700 });
  const fileOf = (id: string): string => path.join(folder, `${id}.tar.gz`);
  const producers: (Producer & { readonly artifacts: Kept[] })[] = [];
  return {
    begin: ({ name, matrix }) => void producers.push({ name, matrix, artifacts: [] }),
    async keep(step, name, pack) {
      const id = newId('art');
      const packed = await pack(fileOf(id));
      producers.at(-1)?.artifacts.push({ id, step, name, ...packed, expiresAtMs: null });
      return packed;
    },
    taken: ({ takes }) => (takes === undefined ? null : takeArtifacts(takes, producers, Date.now())),
    open: ({ id }, act) => act(fileOf(id)),
    async clear() {
      await rm(folder, { recursive: true, force: true });
      await runs.end(own);
    },
  };
}
