import { tellingDeployments } from '../core/deployment.ts';
import type { BuildSummary } from '../core/views/build-view.ts';
import type { Page } from '../core/views/page.ts';
import { callServer, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { ago, oneLine, paint, paintStatus, table } from './print.ts';

const builds: ServerCommand = {
  usage: 'slipway builds [--project PROJECT] [--limit N]',
  arguments: [0, 1],
  fields: { limit: { option: 'limit' } },
  options: { project: { type: 'string', short: 'p' }, limit: { type: 'string', short: 'n' } },
  run: async ({ api, positionals: [stray], values, say }) => {
    if (stray !== undefined)
      throw new UsageError(`it takes no arguments; for one project: slipway builds --project ${stray}`);
    const limit = typeof values['limit'] === 'string' ? values['limit'] : '20';
    const project = typeof values['project'] === 'string' ? `&project=${segment(values['project'])}` : '';
    const page = await api.request<Page<BuildSummary>>('GET', `/builds?limit=${segment(limit)}${project}`);
    if (values['json'] === true) say(JSON.stringify(page));
    else say(table(page.items.map(row)) || 'no builds yet');
    return 0;
  },
};

/** `slipway builds`. Gives the exit status. */
export const buildsCommand = (argv: readonly string[]): Promise<number> => callServer(builds, argv);

function row(build: BuildSummary): readonly string[] {
  const waits = build.waiting === null ? '' : `place ${build.waiting.place}: ${build.waiting.why}`;
  return [
    `${build.projectPath}#${build.number}`,
    [paintStatus(build.status), ...tellingDeployments(build).map(deployed)].join(', '),
    oneLine(build.refName, 30),
    build.commit.slice(0, 10),
    ago(build.createdAtMs),
    oneLine(build.message),
    paint('dim', oneLine(waits || (build.reason ?? ''), 80)),
  ];
}

function deployed({ environment, status }: BuildSummary['deployments'][number]): string {
  return `${environment} ${paintStatus(status)}`;
}
