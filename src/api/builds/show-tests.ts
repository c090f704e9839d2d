import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { readTests } from '../../store/read/tests.ts';
import type { AppDeps } from '../deps.ts';
import { pageQuery } from '../page-query.ts';
import { readParam, readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const query = pageQuery.extend({
  before: z.coerce.number().int().min(0).max(1_000_000).default(0),
  show: z.enum(['failed', 'all']).default('failed'),
});

/**
 * `GET /api/v1/builds/:build/tests?show=failed|all&before=&limit=` → BuildTestsView: the tests that did not pass and the
 * flaky ones, or all of them.
 */
export function showTests({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds/:build/tests',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const { show, before: after, limit } = readQueryOf(request, query);
      const tests = await readTests(store.db, { buildId: id, all: show === 'all', after, limit });
      if (tests === null) throw new Problem('not_found', { what: 'build', id });
      response.json(tests);
    },
  });
}
