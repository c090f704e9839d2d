import type { BuildPlan, MatrixValues, Plan } from '../../core/plan.ts';
import type { Reader } from './view-context.ts';

/** The plan that a build has; null while its files are not read, or where they had problems. */
export async function readBuildPlan(db: Reader, buildId: string): Promise<BuildPlan | null> {
  const rows = await db
    .selectFrom('workflow')
    .select(['name', 'plan_json', 'depends_on_json', 'runs_on_json', 'matrix_json'])
    .where('build_id', '=', buildId)
    .orderBy('position')
    .execute();
  if (rows.length === 0) return null;
  const workflows = rows.map((row) => ({
    name: row.name,
    dependsOn: JSON.parse(row.depends_on_json) as string[],
    runsOn: JSON.parse(row.runs_on_json) as ('success' | 'failure')[],
    matrix: JSON.parse(row.matrix_json ?? 'null') as MatrixValues | null,
    plan: JSON.parse(row.plan_json) as Plan,
  }));
  return { workflows };
}
