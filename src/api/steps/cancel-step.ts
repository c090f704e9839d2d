import { auditOf } from '../audit-trail.ts';
import { stepSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/steps/:step/cancel` → 202; 409 for a step that does not run, or a worker that cannot end it alone. */
export function cancelStep({ builds, store }: Pick<AppDeps, 'builds' | 'store'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/steps/:step/cancel',
    access: 'admin',
    audit: 'step.cancel',
    handle: async (request, response) => {
      const id = readParam(request, 'step');
      const audit = auditOf(request);
      audit.about(await stepSubject(store.db, id));
      await builds.cancelStep(id, `cancelled by ${principalOf(request)?.name ?? 'a person'}`, audit.done);
      response.status(202).json({ id });
    },
  });
}
