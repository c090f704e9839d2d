import { Problem } from '../../src/core/problem.ts';
import { isStagedUnder, stagingName, type Staging } from '../../src/core/staging.ts';
import type { Registry } from '../../src/registry/registry.ts';
import type { Engine } from '../engine/engine.ts';

export interface RemoveStaging {
  readonly engine: Pick<Engine, 'removeImage'>;
  readonly registry: Registry;
  readonly staging: Staging;
  /** Of the staged manifest; null: what the tag names, if there is one. */
  readonly digest: string | null;
}

const LIMIT_MS = 20_000;

/**
 * Takes away what a push has staged: the engine's tag and the registry's manifest; the image itself stays. Also for a
 * push that was killed. A registry that refuses to delete keeps it. Safe to repeat.
 */
export async function removeStaging({ engine, registry, staging, digest }: RemoveStaging): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  await removeTag(engine, stagingName(registry.host, staging));
  const staged = digest ?? (await registry.headManifest(staging.repository, staging.tag, signal));
  if (staged !== null) await registry.deleteManifest(staging.repository, staged, signal).catch(ignoreRefusal);
}

/**
 * Removes the engine's tags of what was staged under a lease whose worker was killed; the image goes with its last
 * name. The registry's side is the server's. Safe to repeat.
 */
export async function removeStagingTags(
  engine: Pick<Engine, 'docker' | 'removeImage'>,
  leaseId: string,
): Promise<void> {
  const images = await engine.docker.listImages();
  const names = images.flatMap(({ RepoTags }) => (RepoTags as string[] | null) ?? []);
  for (const name of names.filter((one) => isStagedUnder(leaseId, one))) await removeTag(engine, name);
}

async function removeTag(engine: Pick<Engine, 'removeImage'>, name: string): Promise<void> {
  if ((await engine.removeImage(name)) === 'in use') throw new Error(`a container still needs ${name}`);
}

/** 400, 404 and 405: how registries say that they do not delete. */
function ignoreRefusal(error: unknown): void {
  const status = error instanceof Problem ? error.details['status'] : null;
  if (status !== 400 && status !== 404 && status !== 405) throw error;
}
