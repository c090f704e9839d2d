import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/registries` → Page of `{host, use, username, updatedAtMs}`; passwords are never told. */
export function listRegistries({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/registries',
    access: 'admin',
    handle: async (_request, response) => {
      const items = await store.db
        .selectFrom('registry_login')
        .orderBy('host')
        .orderBy('use')
        .select(['host', 'use', 'username', 'updated_at as updatedAtMs'])
        .execute();
      response.json({ items, next: null });
    },
  });
}
