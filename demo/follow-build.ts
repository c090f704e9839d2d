import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../scripts/installation/api.ts';
import { isEnd, type Status } from '../src/core/status.ts';
import type { BuildView } from '../src/core/views/build-view.ts';
import type { Page } from '../src/core/views/page.ts';

/** One thing that came to its end. */
export interface StageEnd {
  readonly name: string;
  readonly status: Status;
  readonly tookMs: number;
  readonly reason: string | null;
}

/**
 * Watches the build of a commit, by the API, until it and its deployments are over or it serves; tells each stage as it ends.
 * @throws Error when that takes longer than `limitMs`.
 */
export async function followBuild(
  api: Api,
  commit: string,
  tell: (stage: StageEnd) => void,
  limitMs = 300_000,
): Promise<BuildView> {
  const told = new Set<string>();
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(100)) {
    const { items } = await api.ask<Page<{ id: string; commit: string }>>('GET', '/builds?limit=5');
    const found = items.find((item) => item.commit === commit);
    if (found === undefined) continue;
    const build = await api.ask<BuildView>('GET', `/builds/${found.id}`);
    for (const stage of ended(build).filter(({ name }) => !told.has(name))) {
      told.add(stage.name);
      tell(stage);
    }
    if (isEnd(build.status) && build.deployments.every(({ status }) => isEnd(status))) return build;
  }
  throw new Error(`the build of ${commit} is not over after ${limitMs / 1_000} s`);
}

function ended(build: BuildView): StageEnd[] {
  const steps = build.workflows.flatMap(({ steps: list }) => list);
  const done = steps
    .filter((step) => isEnd(step.status))
    .map((step) => {
      const last = step.attempts.at(-1);
      return {
        name: step.kind === 'step' || step.kind === 'service' ? `${step.kind} ${step.name}` : step.kind,
        status: step.status,
        tookMs: span(last?.startedAtMs, last?.finishedAtMs),
        reason: step.reason,
      };
    });
  const deployed = build.deployments
    .filter((deployment) => isEnd(deployment.status) || deployment.switchedAtMs !== null)
    .map((deployment) => ({
      name: `deploy to ${deployment.environment}`,
      status: deployment.switchedAtMs === null ? deployment.status : ('success' as const),
      tookMs: span(deployment.startedAtMs, deployment.switchedAtMs ?? deployment.finishedAtMs),
      reason: deployment.reason,
    }));
  return [...done, ...deployed];
}

function span(from: number | null | undefined, to: number | null | undefined): number {
  return from === null || from === undefined || to === null || to === undefined ? 0 : to - from;
}
