import { auditOf } from '../audit-trail.ts';
import { buildSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/builds/:build/cancel` → 202; 409 when it has ended. */
export function cancelBuild({ builds, store }: Pick<AppDeps, 'builds' | 'store'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/builds/:build/cancel',
    access: 'admin',
    audit: 'build.cancel',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const audit = auditOf(request);
      audit.about(await buildSubject(store.db, id));
      await builds.cancelBuild(id, `cancelled by ${principalOf(request)?.name ?? 'a person'}`, audit.done);
      response.status(202).json({ id });
    },
  });
}
