import type { AuditSubject } from '../../core/audit.ts';
import type { ProjectView } from '../../core/views/project-view.ts';
import type { AppDeps } from '../deps.ts';

/** A target as the audit log names it, `shop/web/https://hooks.example.com`. */
export async function targetSubject(
  { targets }: Pick<AppDeps, 'targets'>,
  project: ProjectView,
  id: string,
): Promise<AuditSubject> {
  const target = (await targets.list(project.id)).find((one) => one.id === id);
  const name = target === undefined ? project.path : `${project.path}/${target.to.join(', ')}`;
  return { kind: 'notification', id: target?.id ?? null, name };
}
