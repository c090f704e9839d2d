import { z } from 'zod';
import { readNewestStatus } from '../../store/read/newest-status.ts';
import type { AppDeps } from '../deps.ts';
import { readParam, readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { badgeWords, renderBadge } from './render-badge.ts';

const query = z.object({ branch: z.string().max(256).optional() });

/** Proxies of images hold them back for as long as they may; a README is read by many. */
const FRESH_S = 30;

/**
 * `GET /badges/:project?branch=main` → SVG: status of the branch's newest build. For everybody who has the project's id,
 * which cannot be guessed; its path is not taken, so that nobody learns which projects there are.
 */
export function showBadge({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/badges/:project',
    access: 'public',
    handle: async (request, response) => {
      const id = readParam(request, 'project').replace(/\.svg$/, '');
      const { branch = null } = readQueryOf(request, query);
      const status = await readNewestStatus(store.db, id, branch);
      response
        .status(status === undefined ? 404 : 200)
        .set({
          'content-type': 'image/svg+xml; charset=utf-8',
          'cache-control': `public, max-age=${FRESH_S}`,
          'cross-origin-resource-policy': 'cross-origin',
        })
        .send(renderBadge(badgeWords(status ?? null)));
    },
  });
}
