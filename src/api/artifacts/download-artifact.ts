import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../../core/problem.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/artifacts/:artifact`: the archive, as a file to be saved. */
export function downloadArtifact({ store, artifactFiles }: Pick<AppDeps, 'store' | 'artifactFiles'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/artifacts/:artifact',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'artifact');
      const row = await store.db
        .selectFrom('artifact')
        .select(['name', 'digest'])
        .where('id', '=', id)
        .where('whole', '=', 1)
        .executeTakeFirst();
      const file = row === undefined ? null : await artifactFiles.open(id);
      if (row === undefined || file === null) throw new Problem('not_found', { what: 'artifact', id });
      response.setHeader('content-type', 'application/gzip');
      response.setHeader('content-length', file.bytes);
      // The name has no character that would mean something here (`ARTIFACT_NAME`).
      response.setHeader('content-disposition', `attachment; filename="${row.name}.tar.gz"`);
      try {
        await pipeline(Readable.from(file.content), response);
      } catch (error) {
        if (!response.headersSent) throw error;
        response.destroy(); // cut short, so that nobody takes a part for the whole
      }
    },
  });
}
