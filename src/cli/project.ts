import type { Page } from '../core/views/page.ts';
import type { ProjectView } from '../core/views/project-view.ts';
import { callServer, demandVerb, UsageError, type Call, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { ago, paint, paintStatus, table } from './print.ts';
import { readSecret } from './read-secret.ts';

const USAGE = `slipway project add <git url> [--path PATH] [--token-file FILE | --token-stdin]
       slipway project list
       slipway project show <project>
       slipway project connect <project> [--token-file FILE | --token-stdin]   (no token: the server's GitHub App)
       slipway project disconnect <project>
       slipway project share <project> [--none] [--without PROJECT]… [--with PROJECT]…   (who may include its files: a project, folder/* or "*")
       slipway project remove <project>`;

const CONNECTIONS = { token: 'by token', app: "as the server's GitHub App", none: 'none' } as const;

const VERBS = ['add', 'list', 'show', 'connect', 'disconnect', 'share', 'remove'];

const project: ServerCommand = {
  usage: USAGE,
  arguments: [1, 2],
  fields: {
    cloneUrl: { argument: 1, called: 'address' },
    path: { option: 'path' },
    share: { option: 'with' },
    unshare: { option: 'without' },
  },
  options: {
    path: { type: 'string' },
    with: { type: 'string', multiple: true },
    without: { type: 'string', multiple: true },
    none: { type: 'boolean' },
    'token-file': { type: 'string' },
    'token-stdin': { type: 'boolean' },
  },
  run: async (call) => {
    const [verb = '', name] = call.positionals;
    demandVerb('project', verb, VERBS);
    if (verb === 'list') return list(call);
    if (name === undefined)
      throw new UsageError(
        `project ${verb} needs ${verb === 'add' ? "a repository's address" : 'a project'}`,
      );
    if (verb === 'add') return add(call, name);
    if (verb === 'show') return show(call, name);
    if (verb === 'connect') return connect(call, name);
    if (verb === 'share') return share(call, name);
    if (verb === 'disconnect') return disconnect(call, name);
    return remove(call, name);
  },
};

/** `slipway project …`. Gives the exit status. */
export const projectCommand = (argv: readonly string[]): Promise<number> => callServer(project, argv);

async function add({ api, values, say }: Call, cloneUrl: string): Promise<void> {
  const made = await api.request<ProjectView>('POST', '/projects', {
    cloneUrl,
    path: values['path'] ?? null,
    token: await readToken(values),
  });
  if (values['json'] === true) return say(JSON.stringify(made));
  say(`${paint('green', 'added')} ${made.path}, default branch ${made.defaultBranch}`);
  say('');
  say(`On the Git host, add a webhook to ${api.server}/webhooks/github with content type application/json,`);
  say(
    'the events push and pull request, and one of the secrets of SLIPWAY_WEBHOOK_SECRETS (of `npm start`: the',
  );
  say('file webhook-secret in its data folder).');
}

async function connect({ api, values, say }: Call, name: string): Promise<void> {
  const path = `/projects/${segment(name)}/connection`;
  const one = await api.request<ProjectView>('PUT', path, { token: await readToken(values) });
  if (values['json'] === true) return say(JSON.stringify(one));
  say(`${paint('green', 'connected')} ${one.path}, ${CONNECTIONS[one.connection ?? 'none']}`);
}

async function share({ api, values, say }: Call, name: string): Promise<void> {
  const { with: share, without: unshare, none } = values;
  if (share === undefined && unshare === undefined && none !== true)
    throw new UsageError('project share needs --with, --without or --none');
  const change = { ...(none === true ? { sharedWith: [] } : {}), share, unshare };
  const one = await api.request<ProjectView>('PATCH', `/projects/${segment(name)}`, change);
  if (values['json'] === true) return say(JSON.stringify(one));
  say(`files of ${one.path} may be included by ${one.sharedWith.join(', ') || 'no other project'}`);
}

async function disconnect({ api, say }: Call, name: string): Promise<void> {
  await api.request('DELETE', `/projects/${segment(name)}/connection`);
  say(`disconnected ${name}`);
}

/** Of the file or of standard input, as the options say; null for none. */
async function readToken(values: Call['values']): Promise<string | null> {
  const file = typeof values['token-file'] === 'string' ? values['token-file'] : undefined;
  return file === undefined && values['token-stdin'] !== true ? null : readSecret(file, 'token');
}

async function list({ api, values, say }: Call): Promise<void> {
  const page = await api.request<Page<ProjectView>>('GET', '/projects');
  if (values['json'] === true) return say(JSON.stringify(page));
  if (page.items.length === 0) say('No projects yet: slipway project add <git url>');
  else say(table(page.items.map((one) => [one.path, lastBuild(one), one.cloneUrl])));
}

async function show({ api, values, say }: Call, name: string): Promise<void> {
  const one = await api.request<ProjectView>('GET', `/projects/${segment(name)}`);
  if (values['json'] === true) return say(JSON.stringify(one));
  say(
    table([
      ['path', one.path],
      ['id', one.id],
      ['clone', one.cloneUrl],
      ['default branch', one.defaultBranch],
      ['secrets', one.secretNames.join(', ') || 'none'],
      ['files for', one.sharedWith.join(', ') || 'no other project'],
      ['statuses', CONNECTIONS[one.connection ?? 'none']],
      ['last build', lastBuild(one)],
    ]),
  );
}

async function remove({ api, say }: Call, name: string): Promise<void> {
  await api.request('DELETE', `/projects/${segment(name)}`);
  say(`removed ${name}`);
}

function lastBuild({ lastBuild: build }: ProjectView): string {
  return build === null
    ? 'no builds'
    : `#${build.number} ${paintStatus(build.status)} ${ago(build.createdAtMs)}`;
}
