import { NOTIFICATION_EVENTS, type NotificationTargetView } from '../core/notification.ts';
import type { Page } from '../core/views/page.ts';
import { callServer, demandVerb, UsageError, type Call, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { ago, oneLine, paint, table } from './print.ts';
import { readSecret } from './read-secret.ts';

const EVENTS = Object.entries(NOTIFICATION_EVENTS).map(
  ([event, about]) => `         ${event.padEnd(18)} ${about}`,
);

const notify: ServerCommand = {
  usage: `slipway notify add <project> --webhook URL (--secret-file FILE | --secret-stdin) --event EVENT... [--branch NAME...]
       slipway notify add <project> --email ADDRESS... --event EVENT... [--branch NAME...]
       slipway notify change <project> <target> [--webhook URL] [--secret-file FILE | --secret-stdin]
                             [--email ADDRESS...] [--event EVENT...] [--branch NAME...]     (the rest stays)
       slipway notify list <project>
       slipway notify test <project> <target>     (sends it a message that says so)
       slipway notify remove <project> <target>
       (--event, --email and --branch may be given several times; in a branch's name, * stands for any text)
       events:
${EVENTS.join('\n')}`,
  arguments: [2, 3],
  fields: {
    url: { option: 'webhook' },
    addresses: { option: 'email' },
    events: { option: 'event' },
    branches: { option: 'branch' },
  },
  options: {
    webhook: { type: 'string' },
    email: { type: 'string', multiple: true },
    event: { type: 'string', multiple: true },
    branch: { type: 'string', multiple: true },
    'secret-file': { type: 'string' },
    'secret-stdin': { type: 'boolean' },
  },
  run: async (call) => {
    const [verb = '', project = '', target] = call.positionals;
    demandVerb('notify', verb, ['add', 'change', 'list', 'test', 'remove']);
    const path = `/projects/${segment(project)}/notifications`;
    if (verb === 'add' && target === undefined) return add(call, path);
    if (verb === 'list' && target === undefined) return list(call, path);
    if (target === undefined) throw new UsageError(`notify ${verb} needs a target; "notify list" shows all`);
    if (verb === 'change') return change(call, `${path}/${segment(target)}`);
    if (verb === 'test') {
      await call.api.request('POST', `${path}/${segment(target)}/test`);
      return call.say(`a test goes to ${target}; "notify list" shows how it went`);
    }
    if (verb !== 'remove') throw new UsageError(`there is no "notify ${verb}" with these arguments`);
    await call.api.request('DELETE', `${path}/${segment(target)}`);
    call.say(`removed ${target}`);
  },
};

/** `slipway notify …`. Gives the exit status. */
export const notifyCommand = (argv: readonly string[]): Promise<number> => callServer(notify, argv);

async function add({ api, values, say }: Call, path: string): Promise<void> {
  const [url, addresses] = [values['webhook'], values['email']];
  if ((url === undefined) === (addresses === undefined))
    throw new UsageError('notify add needs either --webhook or --email');
  if (values['event'] === undefined) throw new UsageError('notify add needs an --event at least');
  const to =
    url === undefined
      ? { kind: 'email', addresses }
      : { kind: 'webhook', url, secret: await signing(values) };
  const made = await api.request<NotificationTargetView>('POST', path, {
    ...to,
    events: values['event'],
    branches: values['branch'] ?? [],
  });
  say(
    values['json'] === true
      ? JSON.stringify(made)
      : `${paint('green', 'added')} ${made.id}, to ${made.to.join(', ')}; try it with "notify test"`,
  );
}

async function change({ api, values, say }: Call, path: string): Promise<void> {
  const isSigned = values['secret-file'] !== undefined || values['secret-stdin'] === true;
  const wanted = {
    url: values['webhook'],
    secret: isSigned ? await signing(values) : undefined,
    addresses: values['email'],
    events: values['event'],
    branches: values['branch'],
  };
  if (Object.values(wanted).every((value) => value === undefined))
    throw new UsageError('notify change needs what is to be other');
  const changed = await api.request<NotificationTargetView>('PATCH', path, wanted);
  say(
    values['json'] === true
      ? JSON.stringify(changed)
      : `${paint('green', 'changed')} ${changed.id}, to ${changed.to.join(', ')}; try it with "notify test"`,
  );
}

/** What signs the bodies, of a file or of standard input: never of a command line, where others see it. */
function signing(values: Call['values']): Promise<string> {
  const file = typeof values['secret-file'] === 'string' ? values['secret-file'] : undefined;
  if (file === undefined && values['secret-stdin'] !== true)
    throw new UsageError('a webhook needs what signs its messages: --secret-file or --secret-stdin');
  return readSecret(file, 'signing secret');
}

async function list({ api, values, say }: Call, path: string): Promise<void> {
  const page = await api.request<Page<NotificationTargetView>>('GET', path);
  say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)) || 'no notifications yet');
}

const STYLE = { pending: 'yellow', done: 'green', failed: 'red' } as const;

function row({ id, to, events, branches, last }: NotificationTargetView): readonly string[] {
  return [
    id,
    oneLine(to.join(', '), 60),
    events.join(' '),
    branches.join(' ') || 'every branch',
    last === null ? 'nothing sent yet' : `${paint(STYLE[last.state], last.state)} ${ago(last.atMs)}`,
    paint('dim', oneLine(last?.result ?? '', 120)),
  ];
}
