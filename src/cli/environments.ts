import { isEnd } from '../core/status.ts';
import type { DeploymentView } from '../core/views/deployment-view.ts';
import type { EnvironmentView } from '../core/views/environment-view.ts';
import type { Page } from '../core/views/page.ts';
import { harmless } from '../pipeline/excerpt.ts';
import type { ApiClient } from './api-client.ts';
import { callServer, demandVerb, type ServerCommand } from './call-server.ts';
import { findEnvironment, segment } from './find.ts';
import { ago, deploymentEnd, paint, paintStatus, table } from './print.ts';
import { serverEvents } from './server-events.ts';

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

const environment: ServerCommand = {
  usage: `slipway environment remove <environment> [--volume NAME]...   (like shop/web:production)
       takes the app off its router and removes its containers and history; its volumes stay,
       but for those that --volume names`,
  arguments: [2, 2],
  options: { volume: { type: 'string', multiple: true } },
  fields: { volumes: { option: 'volume' } },
  run: async ({ api, positionals: [verb = '', name = ''], values, say }) => {
    demandVerb('environment', verb, ['remove']);
    const { id, volumes } = await findEnvironment(api, name);
    const named = values['volume'] ?? [];
    const made = await api.request('DELETE', `/environments/${segment(id)}`, { volumes: named });
    if (values['json'] === true) return say(JSON.stringify(made));
    const stay = volumes.filter((volume) => !(named as readonly string[]).includes(volume));
    say(`${name} is being removed; "slipway environments" lists it until it is gone`);
    if (stay.length > 0) say(`its volumes stay: ${stay.join(', ')}`);
  },
};

const WAIT = { wait: { type: 'boolean' } } as const;
const WAIT_HELP = '--wait waits for its end; the exit status is then 0 only for success';

const rollback: ServerCommand = {
  usage: `slipway rollback <environment> [--wait]   (like shop/web:production)
       puts the release before this one back, never a rebuild; ${WAIT_HELP}`,
  arguments: [1, 1],
  options: WAIT,
  run: ({ api, positionals: [name = ''], values, say }) => deployRelease({ api, values, say }, name, null),
};

const deploy: ServerCommand = {
  usage: `slipway deploy <environment> <deployment> [--wait]
       deploys the release of an earlier deployment again; "slipway environments <environment>" lists them
       ${WAIT_HELP}`,
  arguments: [2, 2],
  options: WAIT,
  run: ({ api, positionals: [name = '', deployment = ''], values, say }) =>
    deployRelease({ api, values, say }, name, deployment),
};

/** `slipway environments`. Gives the exit status. */
export const environmentsCommand = (argv: readonly string[]): Promise<number> =>
  callServer(environments, argv);
/** `slipway environment …`. Gives the exit status. */
export const environmentCommand = (argv: readonly string[]): Promise<number> => callServer(environment, argv);
/** `slipway rollback`. Gives the exit status. */
export const rollbackCommand = (argv: readonly string[]): Promise<number> => callServer(rollback, argv);
/** `slipway deploy`. Gives the exit status. */
export const deployCommand = (argv: readonly string[]): Promise<number> => callServer(deploy, argv);

async function deployRelease(
  { api, values, say }: Pick<Parameters<ServerCommand['run']>[0], 'api' | 'values' | 'say'>,
  name: string,
  deployment: string | null,
): Promise<number> {
  const isJson = values['json'] === true;
  const environment = await findEnvironment(api, name);
  const path = `/environments/${segment(environment.id)}/rollback`;
  const made = await api.request<{ id: string }>('POST', path, { deployment });
  if (!isJson) say(`deployment ${made.id} has begun`);
  if (values['wait'] !== true) {
    if (isJson) say(JSON.stringify(made));
    return 0;
  }
  const ended = await endOfDeployment(api, environment.id, made.id, (what) => {
    if (!isJson) say(`${environment.name} waits for ${what}`);
  });
  say(isJson ? JSON.stringify(ended) : deploymentEnd(ended));
  return ended.status === 'success' ? 0 : 1;
}

/** Waits for it, and tells once what it waits for itself. */
async function endOfDeployment(
  api: ApiClient,
  environmentId: string,
  id: string,
  tellWaiting: (what: string) => void,
): Promise<DeploymentView> {
  let told: string | null = null;
  for await (const message of serverEvents(api, `environment=${segment(environmentId)}`)) {
    if (message.type !== 'environment') continue;
    const found = message.environment.history.find((deployment) => deployment.id === id);
    if (found === undefined) continue;
    if (isEnd(found.status)) return found;
    if (found.waitingFor !== null && found.waitingFor !== told) tellWaiting(found.waitingFor);
    told = found.waitingFor;
  }
  throw new Error('the stream of events has ended');
}

function row(one: EnvironmentView): readonly string[] {
  const live =
    one.removingSinceMs !== null
      ? `being removed since ${ago(one.removingSinceMs)}${one.removalWaitsFor === null ? '' : `, waits for ${one.removalWaitsFor}`}`
      : one.live === null
        ? 'nothing live'
        : `${one.live.commit.slice(0, 10)} since ${ago(one.live.sinceMs)}`;
  return [`${one.projectPath}:${one.name}`, live, one.urls.join(' ')];
}

function history(one: EnvironmentView): string {
  const rows = one.history.map((deployment) => [
    deployment.id,
    paintStatus(deployment.status),
    deployment.cause,
    deployment.commit?.slice(0, 10) ?? '',
    ago(deployment.createdAtMs),
    paint('dim', harmless(deployment.reason ?? '')),
  ]);
  return [table([row(one)]), table(rows)].filter(Boolean).join('\n');
}
