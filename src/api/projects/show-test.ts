import { z } from 'zod';
import { readTestRuns } from '../../store/read/tests.ts';
import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

const query = z.object({ test: z.string().max(64) });

/** `GET /api/v1/projects/:project/tests?test=<key>` → TestRunView[]: how a test ended in the last builds, newest first. */
export function showTest(deps: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects/:project/tests',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { id } = await findProject(deps, request);
      response.json(await readTestRuns(deps.store.db, id, readQueryOf(request, query).test));
    },
  });
}
