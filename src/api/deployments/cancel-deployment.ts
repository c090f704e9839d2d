import { auditOf } from '../audit-trail.ts';
import { deploymentSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/deployments/:deployment/cancel` → 202; 409 from its switch on. */
export function cancelDeployment({ builds, store }: Pick<AppDeps, 'builds' | 'store'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/deployments/:deployment/cancel',
    access: 'admin',
    audit: 'deployment.cancel',
    handle: async (request, response) => {
      const id = readParam(request, 'deployment');
      const audit = auditOf(request);
      audit.about(await deploymentSubject(store.db, id));
      await builds.cancelDeployment(
        id,
        `cancelled by ${principalOf(request)?.name ?? 'a person'}`,
        audit.done,
      );
      response.status(202).json({ id });
    },
  });
}
