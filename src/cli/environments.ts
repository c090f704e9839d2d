import type { EnvironmentView, Page } from '../core/view.ts';
import { callServer, type ServerCommand } from './call-server.ts';
import { findEnvironment, segment } from './find.ts';
import { ago, paint, paintStatus, table } from './print.ts';

const environments: ServerCommand = {
  usage: 'slipway environments [environment]   (like shop/web:production)',
  arguments: [0, 1],
  run: async ({ api, positionals: [name], values, say }) => {
    const page: Page<EnvironmentView> =
      name === undefined
        ? await api.request('GET', '/environments')
        : { items: [await findEnvironment(api, name)], next: null };
    if (values['json'] === true) say(JSON.stringify(page));
    else if (name === undefined) say(table(page.items.map(row)) || 'no environments yet');
    else for (const one of page.items) say(history(one));
    return 0;
  },
};

const rollback: ServerCommand = {
  usage:
    'slipway rollback <environment>   (like shop/web:production): the release before this one, never a rebuild',
  arguments: [1, 1],
  run: ({ api, positionals: [name = ''], values, say }) => deployRelease({ api, values, say }, name, null),
};

const deploy: ServerCommand = {
  usage: `slipway deploy <environment> <deployment>
       deploys the release of an earlier deployment again; "slipway environments <environment>" lists them`,
  arguments: [2, 2],
  run: ({ api, positionals: [name = '', deployment = ''], values, say }) =>
    deployRelease({ api, values, say }, name, deployment),
};

/** `slipway environments`. Gives the exit status. */
export const environmentsCommand = (argv: readonly string[]): Promise<number> =>
  callServer(environments, argv);
/** `slipway rollback`. Gives the exit status. */
export const rollbackCommand = (argv: readonly string[]): Promise<number> => callServer(rollback, argv);
/** `slipway deploy`. Gives the exit status. */
export const deployCommand = (argv: readonly string[]): Promise<number> => callServer(deploy, argv);

async function deployRelease(
  { api, values, say }: Pick<Parameters<ServerCommand['run']>[0], 'api' | 'values' | 'say'>,
  name: string,
  deployment: string | null,
): Promise<number> {
  const { id } = await findEnvironment(api, name);
  const path = `/environments/${segment(id)}/rollback`;
  const made = await api.request<{ id: string }>('POST', path, { deployment });
  say(values['json'] === true ? JSON.stringify(made) : `deployment ${made.id} has begun`);
  return 0;
}

function row(one: EnvironmentView): readonly string[] {
  const live =
    one.live === null ? 'nothing live' : `${one.live.commit.slice(0, 10)} since ${ago(one.live.sinceMs)}`;
  return [`${one.projectPath}:${one.name}`, live, one.urls.join(' ')];
}

function history(one: EnvironmentView): string {
  const rows = one.history.map((deployment) => [
    deployment.id,
    paintStatus(deployment.status),
    deployment.cause,
    deployment.commit?.slice(0, 10) ?? '',
    ago(deployment.createdAtMs),
    paint('dim', deployment.reason ?? ''),
  ]);
  return [table([row(one)]), table(rows)].filter(Boolean).join('\n');
}
