import { z } from 'zod';
import { hashToken, newToken } from '../../secrets/token.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/) });

/** `POST /api/v1/workers/tokens {name}` → 201, `{workerId, token}`: seen this once; an earlier one of that name ends. */
export function makeWorkerToken({ builds }: Pick<AppDeps, 'builds'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/workers/tokens',
    access: 'admin',
    handle: async (request, response) => {
      const { name } = readBodyOf(request, body);
      const token = newToken('worker');
      const { workerId } = await builds.setWorkerToken(name, hashToken(token));
      response.status(201).json({ workerId, token });
    },
  });
}
