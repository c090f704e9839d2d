import type { AccessTokenView } from '../../core/views/access-token-view.ts';
import type { Page } from '../../core/views/page.ts';
import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/tokens` → Page of AccessTokenView by name, all on one page. */
export function listTokens({ tokens }: Pick<AppDeps, 'tokens'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/tokens',
    access: 'admin',
    handle: async (request, response) => {
      const principal = principalOf(request);
      const own = principal?.kind === 'admin' ? principal.adminId : null;
      const items = (await tokens.list()).map((token) => ({ ...token, current: token.id === own }));
      const page: Page<AccessTokenView> = { items, next: null };
      response.json(page);
    },
  });
}
