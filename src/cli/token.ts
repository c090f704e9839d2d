import type { AccessTokenView } from '../core/views/access-token-view.ts';
import type { Page } from '../core/views/page.ts';
import { ApiError } from './api-client.ts';
import {
  callServer,
  demandVerb,
  UsageError,
  WrongValue,
  type Call,
  type ServerCommand,
} from './call-server.ts';
import { segment } from './find.ts';
import { ago, paint, table } from './print.ts';

const token: ServerCommand = {
  usage: `slipway token create <name> [--days N]   (shows the token, this once)
       slipway token list
       slipway token revoke <name> [--yes]   (ends it and the sessions made with it; a name or an id;
         --yes also where it is the token in use)`,
  arguments: [1, 2],
  fields: { name: { argument: 1, called: 'name' }, expiresInDays: { option: 'days' } },
  options: { days: { type: 'string' }, yes: { type: 'boolean', short: 'y' } },
  run: async (call) => {
    const [verb = '', name] = call.positionals;
    demandVerb('token', verb, ['create', 'list', 'revoke']);
    if (verb === 'list' && name === undefined) return list(call);
    if (name === undefined) throw new UsageError(`token ${verb} needs a name`);
    if (verb === 'create') return create(call, name);
    if (verb === 'revoke') return revoke(call, name);
    throw new UsageError(`there is no "token ${verb}" with these arguments`);
  },
};

/** `slipway token …`. Gives the exit status. */
export const tokenCommand = (argv: readonly string[]): Promise<number> => callServer(token, argv);

async function create({ api, values, say }: Call, name: string): Promise<void> {
  const days = values['days'];
  if (days !== undefined && !/^\d{1,4}$/.test(String(days)))
    throw new WrongValue(`--days ${String(days)}: it is a whole number of days`);
  const expiresInDays = days === undefined ? null : Number(days);
  const made = await api.request<{ token: string }>('POST', '/tokens', { name, expiresInDays });
  say(values['json'] === true ? JSON.stringify(made) : made.token);
}

async function list({ api, values, say }: Call): Promise<void> {
  const page = await api.request<Page<AccessTokenView>>('GET', '/tokens');
  say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)));
}

async function revoke({ api, values, say }: Call, name: string): Promise<void> {
  const { items } = await api.request<Page<AccessTokenView>>('GET', '/tokens');
  const isInUse = items.some((one) => one.current && (one.name === name || one.id === name));
  if (isInUse && values['yes'] !== true)
    throw new ApiError(
      `${name} is the token that this command uses; nothing was revoked.`,
      'Use another token, or --yes to revoke it all the same.',
      0,
    );
  await api.request('DELETE', `/tokens/${segment(name)}`);
  say(`revoked ${name}`);
}

function row(one: AccessTokenView): readonly string[] {
  return [
    one.name,
    `made ${ago(one.createdAtMs)}`,
    one.lastUsedAtMs === null ? 'never used' : `used ${ago(one.lastUsedAtMs)}`,
    endOf(one.expiresAtMs),
    one.sessions === 1 ? '1 session' : `${one.sessions} sessions`,
    one.current ? 'this one' : '',
  ];
}

function endOf(expiresAtMs: number | null): string {
  if (expiresAtMs === null) return 'no end';
  const day = new Date(expiresAtMs).toISOString().slice(0, 10);
  return expiresAtMs > Date.now() ? `until ${day}` : paint('red', `ended ${day}`);
}
