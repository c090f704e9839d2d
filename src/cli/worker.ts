import type { Labels } from '../core/labels.ts';
import type { Page } from '../core/views/page.ts';
import type { WorkerView } from '../core/views/worker-view.ts';
import {
  callServer,
  demandVerb,
  UsageError,
  WrongValue,
  type Call,
  type ServerCommand,
} from './call-server.ts';
import { segment } from './find.ts';
import { listWorkers } from './workers.ts';

const USAGE = `slipway worker add <name> [--router NAME]... [--label NAME=VALUE]...
         makes the token of a worker of that name, and shows it this once; an earlier one of that name ends.
         The worker deploys behind the routers named, and has the labels named, and no other.
       slipway worker list
       slipway worker drain <name> [--wait]   (nothing new for it; what it runs ends, and --wait waits for that)
       slipway worker undrain <name>
       slipway worker revoke <name>   (ends its token, and what it runs; another one lets it in again)`;

const worker: ServerCommand = {
  usage: USAGE,
  arguments: [1, 2],
  fields: {
    name: { argument: 1, called: 'name' },
    routers: { option: 'router' },
    labels: { option: 'label' },
  },
  options: {
    router: { type: 'string', multiple: true },
    label: { type: 'string', multiple: true },
    wait: { type: 'boolean' },
  },
  run: async (call) => {
    const [verb = '', name] = call.positionals;
    demandVerb('worker', verb, ['add', 'list', 'drain', 'undrain', 'revoke']);
    if (verb === 'list' && name === undefined) return listWorkers(call);
    if (name === undefined) throw new UsageError(`worker ${verb} needs a name`);
    if (verb === 'add') return add(call, name);
    if (verb === 'drain' || verb === 'undrain') return drain(call, verb, name);
    if (verb === 'revoke') return revoke(call, name);
    throw new UsageError(`there is no "worker ${verb}" with these arguments`);
  },
};

/** `slipway worker …`. Gives the exit status. */
export const workerCommand = (argv: readonly string[]): Promise<number> => callServer(worker, argv);

async function add({ api, values, say }: Call, name: string): Promise<void> {
  const routers = values['router'] ?? [];
  const labels = labelsOf(values['label']);
  const made = await api.request<{ token: string }>('POST', '/workers/tokens', { name, routers, labels });
  say(values['json'] === true ? JSON.stringify(made) : made.token);
}

async function revoke({ api, say }: Call, name: string): Promise<void> {
  await api.request('DELETE', `/workers/${segment(name)}/token`);
  say(`revoked the token of ${name}`);
}

/** @throws WrongValue for what is not `name=value`. */
function labelsOf(option: Call['values'][string]): Labels {
  const texts = Array.isArray(option) ? option.map(String) : [];
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new WrongValue(`--label ${text} is not name=value`);
      return [name, value];
    }),
  );
}

const ASK_MS = 1_000;

async function drain({ api, values, say }: Call, verb: 'drain' | 'undrain', name: string): Promise<void> {
  const made = await api.request<object>('POST', `/workers/${segment(name)}/${verb}`);
  const isJson = values['json'] === true;
  if (verb === 'undrain') return say(isJson ? JSON.stringify(made) : `${name} works again`);
  if (values['wait'] !== true)
    return say(isJson ? JSON.stringify(made) : `${name} drains; ${describeWork(await workOf(api, name))}`);
  for (let told = ''; ;) {
    const work = await workOf(api, name);
    if (work.length === 0) return say(isJson ? JSON.stringify(made) : `${name} has drained: it runs nothing`);
    const now = describeWork(work);
    if (!isJson && now !== told) say((told = now));
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

async function workOf(api: Call['api'], name: string): Promise<WorkerView['work']> {
  const { items } = await api.request<Page<WorkerView>>('GET', '/workers');
  return items.find((one) => one.name === name || one.id === name)?.work ?? [];
}

function describeWork(work: WorkerView['work']): string {
  return work.length === 0 ? 'it runs nothing' : `it still runs ${work.map(({ name }) => name).join(', ')}`;
}
