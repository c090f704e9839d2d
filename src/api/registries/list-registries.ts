import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/registries` → Page of `{host, username, updatedAtMs}`; passwords are never told. */
export function listRegistries({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/registries',
    access: 'admin',
    handle: async (_request, response) => {
      const items = await store.db
        .selectFrom('registry_login')
        .orderBy('host')
        .select(['host', 'username', 'updated_at as updatedAtMs'])
        .execute();
      response.json({ items, next: null });
    },
  });
}
