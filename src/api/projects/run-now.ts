import { z } from 'zod';
import { INPUT_LIMITS } from '../../core/input.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

export const branchName = z.string().min(1).max(250);
const inputValue = z
  .union(
    [z.string(), z.number(), z.boolean()],
    'is no text, number, `true` or `false`; leave it out for its default',
  )
  .transform(String);
const body = z.object({
  branch: branchName.optional(),
  inputs: z
    .record(z.string(), inputValue)
    .refine(
      (given) => Object.keys(given).length <= INPUT_LIMITS.inputs,
      `has more than ${INPUT_LIMITS.inputs} inputs`,
    )
    .default({}),
});

/**
 * `POST /api/v1/projects/:project/builds {branch?, inputs?}` → 201, `{id, number}`: builds the branch's newest commit now.
 * `inputs`: name → text, number or truth value.
 */
export function runNow(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects/:project/builds',
    access: 'admin',
    audit: 'build.start',
    handle: async (request, response) => {
      const project = await aboutProject(deps, request);
      const { branch = project.defaultBranch, inputs } = readBodyOf(request, body);
      const audit = auditOf(request);
      audit.about({ kind: 'build', id: null, name: project.path });
      const { buildId, number } = await deps.projects.runNow(project.id, { branch, inputs }, audit.done);
      response.status(201).json({ id: buildId, number });
    },
  });
}
