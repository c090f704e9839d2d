import { idOf } from '../../store/read/audit-subjects.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/deliveries/:delivery/replay` → 202; 409 for one that has led to builds. */
export function replayDelivery({ deliveries }: Pick<AppDeps, 'deliveries'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/deliveries/:delivery/replay',
    access: 'admin',
    audit: 'delivery.replay',
    handle: async (request, response) => {
      const id = readParam(request, 'delivery');
      const audit = auditOf(request);
      const shown = idOf('dlv', id);
      audit.about({ kind: 'delivery', id: shown, name: shown });
      await deliveries.replay(id, audit.done);
      response.status(202).json({ id });
    },
  });
}
