import { sql } from 'kysely';
import type { MatrixValues, Plan } from '../../core/plan.ts';
import { takeArtifacts, type Producer } from '../../core/take-artifacts.ts';
import type { TakenWork } from '../../core/work.ts';
import type { Reading } from '../store.ts';

/** What a workflow takes of others of its build, as it is at `nowMs`; null: its plan takes nothing. */
export async function takenArtifacts(
  { db }: Reading,
  workflowId: string,
  nowMs: number,
): Promise<TakenWork | null> {
  const { build_id, plan_json } = await db
    .selectFrom('workflow')
    .select(['build_id', 'plan_json'])
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const { takes } = JSON.parse(plan_json) as Plan;
  if (takes === undefined) return null;
  const names = [...new Set(takes.map(({ from }) => from))];
  const workflows = await db
    .selectFrom('workflow')
    .select(['id', 'name', 'matrix_json'])
    .where('build_id', '=', build_id)
    .where('name', 'in', names)
    .orderBy('position')
    .execute();
  const kept = await keptBy(
    db,
    workflows.map(({ id }) => id),
  );
  const producers = workflows.map(({ id, name, matrix_json }): Producer => ({
    name,
    matrix: JSON.parse(matrix_json ?? 'null') as MatrixValues | null,
    artifacts: kept.filter(({ workflowId: of }) => of === id),
  }));
  return takeArtifacts(takes, producers, nowMs);
}

/** Of their newest attempts; what an earlier build has run for them is theirs. */
async function keptBy(db: Reading['db'], workflowIds: readonly string[]) {
  if (workflowIds.length === 0) return [];
  return db
    .selectFrom('workflow')
    .innerJoin('step', (join) =>
      join
        .onRef('step.workflow_id', '=', 'workflow.id')
        .onRef('step.workflow_attempt', '=', 'workflow.attempt'),
    )
    .innerJoin('step_attempt', (join) =>
      join.on('step_attempt.step_id', '=', sql<string>`coalesce(step.carried_from, step.id)`),
    )
    .innerJoin('artifact', 'artifact.attempt_id', 'step_attempt.id')
    .select([
      'workflow.id as workflowId',
      'step.name as step',
      'artifact.id',
      'artifact.name',
      'artifact.bytes',
      'artifact.digest',
      'artifact.expires_at as expiresAtMs',
    ])
    .where('workflow.id', 'in', workflowIds)
    .where('artifact.whole', '=', 1)
    .orderBy('step.position')
    .orderBy('artifact.id')
    .execute();
}
