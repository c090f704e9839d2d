import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { readBuilds } from '../../store/read/builds.ts';
import { readProject } from '../../store/read/projects.ts';
import type { AppDeps } from '../deps.ts';
import { pageQuery } from '../page-query.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const query = pageQuery.extend({ project: z.string().max(256).optional() });

/** `GET /api/v1/builds?project=&before=&limit=` → Page of BuildSummary, newest first. */
export function listBuilds({ store, views }: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { project, before = null, limit } = readQueryOf(request, query);
      const found = project === undefined ? null : await readProject(store.db, project, views);
      if (project !== undefined && found === null)
        throw new Problem('not_found', { what: 'project', id: project });
      response.json(await readBuilds(store.db, { projectId: found?.id ?? null, before, limit }, views));
    },
  });
}
