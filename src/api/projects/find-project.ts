import type { Request } from 'express';
import { Problem } from '../../core/problem.ts';
import type { ProjectView } from '../../core/views/project-view.ts';
import { readProject } from '../../store/read/projects.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';

/** The project that `:project` names, by id or url-encoded path. @throws Problem `not_found`. */
export async function findProject(
  { store, views }: Pick<AppDeps, 'store' | 'views'>,
  request: Request,
): Promise<ProjectView> {
  const name = readParam(request, 'project');
  const project = await readProject(store.db, name, views);
  if (project === null) throw new Problem('not_found', { what: 'project', id: name });
  return project;
}

/** As {@link findProject}, for a request that changes it; the audit log is told what is found, not what was asked for. */
export async function aboutProject(
  deps: Pick<AppDeps, 'store' | 'views'>,
  request: Request,
): Promise<ProjectView> {
  auditOf(request).about({ kind: 'project', id: null, name: null });
  const project = await findProject(deps, request);
  auditOf(request).about({ kind: 'project', id: project.id, name: project.path });
  return project;
}
