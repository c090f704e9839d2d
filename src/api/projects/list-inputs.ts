import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';
import { branchName } from './run-now.ts';

const query = z.object({ branch: branchName.optional() });

/** `GET /api/v1/projects/:project/inputs?branch=` → InputsView: what a build by hand of the branch's newest commit asks for. */
export function listInputs(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects/:project/inputs',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const project = await findProject(deps, request);
      const { branch = project.defaultBranch } = readQueryOf(request, query);
      response.json(await deps.projects.inputs(project.id, branch));
    },
  });
}
