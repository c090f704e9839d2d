import { Problem } from '../../src/core/problem.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { unlessGone } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import { stagingName, type Staging } from './staging.ts';

export interface RemoveStaging {
  readonly engine: Pick<Engine, 'docker'>;
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
  await unlessGone(() => engine.docker.getImage(stagingName(registry.host, staging)).remove());
  const staged = digest ?? (await registry.headManifest(staging.repository, staging.tag, signal));
  if (staged !== null) await registry.deleteManifest(staging.repository, staged, signal).catch(ignoreRefusal);
}

/** 400, 404 and 405: how registries say that they do not delete. */
function ignoreRefusal(error: unknown): void {
  const status = error instanceof Problem ? error.details['status'] : null;
  if (status !== 400 && status !== 404 && status !== 405) throw error;
}
