import type { Kysely } from 'kysely';
import type { AuditSubject } from '../../core/audit.ts';
import { isId, type IdKind } from '../../core/id.ts';
import type { Database } from '../schema.ts';

type Reader = Kysely<Database>;

/** A build as the audit log names it, `shop/web#12`; without a name where there is none. */
export async function buildSubject(db: Reader, id: string): Promise<AuditSubject> {
  const row = await db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .where('build.id', '=', id)
    .select(['project.path', 'build.number'])
    .executeTakeFirst();
  return { kind: 'build', id: idOf('bld', id), name: row === undefined ? null : `${row.path}#${row.number}` };
}

/** A step by its build, `shop/web#12 unit`. */
export async function stepSubject(db: Reader, id: string): Promise<AuditSubject> {
  const row = await db
    .selectFrom('step')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .where('step.id', '=', id)
    .select(['project.path', 'build.number', 'step.name'])
    .executeTakeFirst();
  const name = row === undefined ? null : `${row.path}#${row.number} ${row.name}`;
  return { kind: 'step', id: idOf('stp', id), name };
}

/** `shop/web/production`. */
export async function environmentSubject(db: Reader, id: string): Promise<AuditSubject> {
  const row = await environments(db).where('environment.id', '=', id).executeTakeFirst();
  return {
    kind: 'environment',
    id: idOf('env', id),
    name: row === undefined ? null : `${row.path}/${row.name}`,
  };
}

/** Named by its environment. */
export async function deploymentSubject(db: Reader, id: string): Promise<AuditSubject> {
  const row = await environments(db)
    .innerJoin('deployment', 'deployment.environment_id', 'environment.id')
    .where('deployment.id', '=', id)
    .executeTakeFirst();
  return {
    kind: 'deployment',
    id: idOf('dep', id),
    name: row === undefined ? null : `${row.path}/${row.name}`,
  };
}

/** Null for what is no id: it may be a secret in an id's place. */
export function idOf(kind: IdKind, text: string): string | null {
  return isId(kind, text) ? text : null;
}

function environments(db: Reader) {
  return db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select(['project.path', 'environment.name']);
}
