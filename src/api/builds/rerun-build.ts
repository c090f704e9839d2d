import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import { buildSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ only: z.literal('failed').nullish() });

/**
 * `POST /api/v1/builds/:build/rerun {only?}` → 201, `{id, number}` of the new build of the same commit. With `only: "failed"`
 * what was green is taken over and the rest runs in the same image; 409 `image_not_kept` where that is gone.
 */
export function rerunBuild({
  builds,
  intake,
  store,
  log,
}: Pick<AppDeps, 'builds' | 'intake' | 'store' | 'log'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/builds/:build/rerun',
    access: 'admin',
    audit: 'build.rerun',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const audit = auditOf(request);
      audit.about(await buildSubject(store.db, id));
      const { only } = readBodyOf(request, body);
      const made = await builds.rerunBuild(id, only ?? 'all', audit.done);
      intake.planWaiting();
      log.info({ deliveryId: null, ...made, rerunFrom: id }, 'a person had a build run again');
      response.status(201).json({ id: made.buildId, number: made.number });
    },
  });
}
