import type { BuildSummary, BuildView } from '../../../src/core/views/build-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { isEnd } from '../../../src/core/status.ts';
import type { System } from '../../support/system.ts';

/** Where a build that deploys is. Several go on at once: the latest counts. */
export const PHASES = [
  'intake',
  'waiting',
  'clone',
  'image',
  'test',
  /** From the candidate's start to the end of its smoke test. */
  'preparing',
  'switching',
  'over',
] as const;
export type Phase = (typeof PHASES)[number];

/** Where the build was when a fault happened. */
export interface PhaseAtFault {
  /** Right before it. */
  readonly before: Phase;
  /** Right after it; null where the fault left nobody who could be asked. */
  readonly after: Phase | null;
}

/** The phase in which a fault happened; null where it may have been one or the other. */
export function phaseOfFault({ before, after }: PhaseAtFault): Phase | null {
  return after === null || after === before ? before : null;
}

export async function buildOf(system: System, commit: string): Promise<BuildView | null> {
  const { items } = await system.api<Page<BuildSummary>>('GET', '/builds');
  const found = items.filter((item) => item.commit === commit);
  if (found.length > 1) throw new Error(`${commit} is built ${found.length} times`);
  const [build] = found;
  return build === undefined ? null : system.api<BuildView>('GET', `/builds/${build.id}`);
}

export function phaseOf(build: BuildView | null): Phase {
  if (build === null) return 'intake';
  const [deployment] = build.deployments;
  if (isEnd(build.status) && (deployment === undefined || isEnd(deployment.status))) return 'over';
  if (deployment?.status === 'running') {
    if (['switching', 'draining', 'done'].includes(deployment.phase)) return 'switching';
    if (['starting', 'checking', 'smoking', 'prepared'].includes(deployment.phase)) return 'preparing';
  }
  if (build.status === 'pending') return 'waiting';
  const rows = build.workflows.flatMap(({ steps }) => steps);
  const begun = (['test', 'image'] as const).find((name) =>
    rows.some((row) => row.name === name && row.status !== 'pending'),
  );
  return begun ?? 'clone';
}
