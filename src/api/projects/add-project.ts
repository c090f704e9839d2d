import { z } from 'zod';
import { readProject } from '../../store/read/projects.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({
  cloneUrl: z.string().min(1).max(2_048),
  path: z.string().min(1).max(200).nullish(),
  token: z.string().min(1).max(4_096).nullish(),
});

/** `POST /api/v1/projects {cloneUrl, path?, token?}` → 201, ProjectView; the repository is read first. */
export function addProject({ projects, store, views }: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects',
    access: 'admin',
    audit: 'project.add',
    handle: async (request, response) => {
      const { cloneUrl, path = null, token = null } = readBodyOf(request, body);
      const audit = auditOf(request);
      audit.about({ kind: 'project', id: null, name: path });
      const { projectId } = await projects.add({ cloneUrl, path, token }, audit.done);
      response.status(201).json(await readProject(store.db, projectId, views));
    },
  });
}
