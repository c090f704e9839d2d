import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../../src/core/id.ts';
import { takeArtifacts, type Producer } from '../../src/core/take-artifacts.ts';
import type { MatrixValues, Plan } from '../../src/core/plan.ts';
import type { TakenArtifact, TakenWork } from '../../src/core/work.ts';
import type { Packed } from '../collect/pack-files.ts';
import { fetchArtifact } from '../server/fetch-artifact.ts';
import { openOwnRuns } from './own-runs.ts';

type Kept = Producer['artifacts'][number];

/** Artifacts of workflows that run after one another on this machine, until all of them are over. */
export interface ArtifactShelf {
  /** A workflow begins; what `keep` gets from now on is its. `takes`: of a server, in place of what has run here. */
  begin(workflow: {
    readonly name: string;
    readonly matrix: MatrixValues | null;
    readonly takes?: TakenWork | undefined;
  }): void;
  /** `pack` writes it to a file that is not there yet. */
  keep(step: string, name: string, pack: (file: string) => Promise<Packed>): Promise<Packed>;
  /** What a workflow takes of those that have run; null: nothing. */
  taken(plan: Plan): TakenWork | null;
  /** Gives `act` the file, which it does not change. @throws What the fetch throws; the signal's reason. */
  open<T>(artifact: TakenArtifact, act: (file: string) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Removes all of them. */
  clear(): Promise<void>;
}

/** Gives an archive that a server has, from its begin. @throws Problem `artifact_gone`. */
export type FetchArtifact = (artifact: TakenArtifact) => Promise<AsyncIterable<Uint8Array>>;

/**
 * @param dir That of local runs: what is left there by one that was killed goes with the next.
 * @param fetch For what a workflow that begins takes of a server.
 */
export async function openArtifactShelf(dir: string, fetch?: FetchArtifact): Promise<ArtifactShelf> {
  const runs = await openOwnRuns(dir);
  const own = newId('lea');
  const folder = path.join(runs.checkouts, own);
  await runs.begin(own);
  await mkdir(folder, { mode: 0o700 });
  const fileOf = (id: string): string => path.join(folder, `${id}.tar.gz`);
  let ofServer: TakenWork | null = null;
  const producers: (Producer & { readonly artifacts: Kept[] })[] = [];
  return {
    begin({ name, matrix, takes }) {
      producers.push({ name, matrix, artifacts: [] });
      ofServer = takes ?? null;
    },
    async keep(step, name, pack) {
      const id = newId('art');
      const packed = await pack(fileOf(id));
      producers.at(-1)?.artifacts.push({ id, step, name, ...packed, expiresAtMs: null });
      return packed;
    },
    taken: ({ takes }) =>
      ofServer ?? (takes === undefined ? null : takeArtifacts(takes, producers, Date.now())),
    async open(artifact, act, signal) {
      if (fetch === undefined || ofServer?.artifacts.includes(artifact) !== true)
        return act(fileOf(artifact.id));
      // A name of our own: the server's word is not enough for a path of this machine.
      const file = fileOf(newId('art'));
      try {
        await fetchArtifact(() => fetch(artifact), artifact, file, signal);
        return await act(file);
      } finally {
        await rm(file, { force: true });
      }
    },
    async clear() {
      await rm(folder, { recursive: true, force: true });
      await runs.end(own);
    },
  };
}
