import { z } from 'zod';
import type { LintView } from '../../core/views/lint-view.ts';
import { lintFile as lintText } from '../../convert/plan-files.ts';
import { PIPELINE_FILE } from '../../pipeline/pipeline-files.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({
  /** Behind a function: U+0000 in it is for lint, which says where it stands. */
  text: z.string().transform((text) => () => text),
  /** What the file is called in the problems. */
  file: z.string().min(1).max(1_024).default(PIPELINE_FILE),
  /** Whether the repository has a Dockerfile at its root. */
  hasDockerfile: z.boolean().default(true),
});

/**
 * `POST /api/v1/lint {text, file?, hasDockerfile?}` → LintView, as `slipway lint --json`: what can be said of a pipeline
 * file without an event. It is answered within a second; a request may be as long as any other of the API.
 */
export function lintFile(): Route {
  return route({
    method: 'post',
    path: '/api/v1/lint',
    access: 'admin',
    audit: 'nothing',
    handle: (request, response) => {
      const { text, file, hasDockerfile } = readBodyOf(request, body);
      const problems = lintText(text(), file, { hasDockerfile });
      const view: LintView = { ok: problems.every(({ severity }) => severity === 'warning'), problems };
      response.json(view);
    },
  });
}
