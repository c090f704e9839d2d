import { AUDIT_ACTIONS, type AuditActor, type AuditEntryView } from '../core/audit.ts';
import type { Page } from '../core/views/page.ts';
import { callServer, WrongValue, type Call, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { ago, oneLine, paint, table } from './print.ts';

const audit: ServerCommand = {
  usage: `slipway audit [--limit N] [--before ID] [--action NAME] [--actor NAME] [--subject NAME]
         [--since TIME] [--until TIME]
       (an actor is a name or an id, a subject an id or the beginning of a name, e.g. shop/web; a time is a date or
         an ISO time, e.g. 2026-11-21 or 2026-11-21T08:00Z)
       actions: ${Object.keys(AUDIT_ACTIONS).join(' ')}`,
  arguments: [0, 0],
  fields: {
    limit: { option: 'limit' },
    before: { option: 'before' },
    action: { option: 'action' },
    actor: { option: 'actor' },
    subject: { option: 'subject' },
  },
  options: {
    limit: { type: 'string', short: 'n' },
    before: { type: 'string' },
    action: { type: 'string' },
    actor: { type: 'string' },
    subject: { type: 'string' },
    since: { type: 'string' },
    until: { type: 'string' },
  },
  run: async (call) => {
    const { api, values, say } = call;
    const page = await api.request<Page<AuditEntryView>>('GET', `/audit?${queryOf(call)}`);
    if (values['json'] === true) return say(JSON.stringify(page));
    say(table(page.items.map(row)) || 'no entries');
    if (page.next !== null) say(paint('dim', `older ones: --before ${page.next}`));
  },
};

/** `slipway audit`. Gives the exit status. */
export const auditCommand = (argv: readonly string[]): Promise<number> => callServer(audit, argv);

function queryOf({ values }: Call): string {
  const query: string[] = [`limit=${segment(String(values['limit'] ?? 20))}`];
  for (const name of ['before', 'action', 'actor', 'subject'])
    if (values[name] !== undefined) query.push(`${name}=${segment(String(values[name]))}`);
  for (const name of ['since', 'until'])
    if (values[name] !== undefined) query.push(`${name}=${timeOf(name, String(values[name]))}`);
  return query.join('&');
}

function timeOf(name: string, text: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(timeMs))
    throw new WrongValue(`--${name} ${text}: it is a date or an ISO time, e.g. 2026-11-23`);
  return timeMs;
}

function row({ id, atMs, actor, action, subject, address, refused }: AuditEntryView): readonly string[] {
  return [
    paint('dim', id),
    ago(atMs),
    oneLine(nameOf(actor), 40),
    action,
    oneLine(subject?.name ?? subject?.id ?? '', 60),
    refused === null ? paint('green', 'done') : paint('red', refused),
    paint('dim', address ?? ''),
  ];
}

function nameOf({ kind, name }: AuditActor): string {
  if (kind === 'admin') return name ?? '';
  return kind === 'worker' ? `worker ${name}` : kind;
}
