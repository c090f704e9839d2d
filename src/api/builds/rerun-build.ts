import { auditOf } from '../audit-trail.ts';
import { buildSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/builds/:build/rerun` → 201, `{id, number}` of the new build of the same commit. */
export function rerunBuild({ builds, intake, store }: Pick<AppDeps, 'builds' | 'intake' | 'store'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/builds/:build/rerun',
    access: 'admin',
    audit: 'build.rerun',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const audit = auditOf(request);
      audit.about(await buildSubject(store.db, id));
      const { buildId, number } = await builds.rerunBuild(id, audit.done);
      intake.planWaiting();
      response.status(201).json({ id: buildId, number });
    },
  });
}
