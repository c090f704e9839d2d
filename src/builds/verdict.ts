import type { Reading } from '../store/store.ts';
import { openDeployments } from './settle-environment.ts';
import { verdictOf } from './order-deployments.ts';

/** What a running deployment is told; `switch` only once its build is green and that build's tags are set. */
export async function readVerdict(
  tx: Reading,
  deployment: { id: string; environment_id: string },
): Promise<'wait' | 'switch' | 'abort'> {
  const open = await openDeployments(tx, deployment.environment_id);
  const own = open.find(({ id }) => id === deployment.id);
  if (own === undefined) return 'abort';
  const verdict = verdictOf(own);
  if (verdict !== 'switch' || own.cause !== 'build' || own.buildId === null) return verdict;
  return (await hasPendingEffects(tx, own.buildId)) ? 'wait' : 'switch';
}

async function hasPendingEffects(tx: Reading, buildId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('outbox')
    .innerJoin('workflow', 'workflow.id', 'outbox.subject_id')
    .select('outbox.id')
    .where('workflow.build_id', '=', buildId)
    .where('outbox.kind', '=', 'tag')
    .where('outbox.state', '=', 'pending')
    .executeTakeFirst();
  return row !== undefined;
}
