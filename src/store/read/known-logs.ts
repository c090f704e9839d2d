import type { Reader } from './view-context.ts';

/** Those of these logs that a row points to: a step's attempt, or a deployment. */
export async function knownLogs(db: Reader, logIds: readonly string[]): Promise<ReadonlySet<string>> {
  const owners = [...new Set(logIds.map(ownerOfLog))];
  if (owners.length === 0) return new Set();
  const [attempts, deployments, newest] = await Promise.all([
    db.selectFrom('step_attempt').select('id').where('id', 'in', owners).execute(),
    db.selectFrom('deployment').select('id').where('id', 'in', owners).execute(),
    db.selectFrom('deployment').select('log_id as id').where('log_id', 'in', owners).execute(),
  ]);
  const known = new Set([...attempts, ...deployments, ...newest].map(({ id }) => id));
  return new Set(logIds.filter((id) => known.has(ownerOfLog(id))));
}

/** What a log is named after: of an app, the deployment that started it. */
export function ownerOfLog(logId: string): string {
  return logId.replace(/^app_/, '');
}
