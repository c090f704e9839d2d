import { z } from 'zod';
import { NOTIFICATION_EVENTS, type NotificationEvent } from '../../core/notification.ts';
import { Problem } from '../../core/problem.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { aboutProject } from '../projects/find-project.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const EVENTS = Object.keys(NOTIFICATION_EVENTS) as [NotificationEvent, ...NotificationEvent[]];
/** What of a body says which events a target wants, and of which branches. */
export const choice = {
  events: z.array(z.enum(EVENTS, 'is not an event')).min(1, 'names no event').max(EVENTS.length),
  branches: z
    .array(z.string().regex(/^[^\s\p{Cc}]{1,250}$/u, 'is not the name of a branch, or part of one with *'))
    .max(50),
};
/** No quotes, brackets or lists, so that it is one address wherever it stands. */
const address = z
  .string()
  .max(254)
  .regex(
    /^[^\s\p{Cc}<>@",;:\\()[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/u,
    'is not an e-mail address',
  );

export const addresses = z.array(address).min(1).max(20);

/** Where a webhook is and what signs its messages. */
export const webhook = {
  url: z
    .string()
    .max(2_048)
    .refine(isPostable, 'is not an http:// or https:// address without a login in it'),
  secret: z.string().max(1_024),
};

const body = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('webhook'),
    ...webhook,
    ...choice,
    branches: choice.branches.default([]),
  }),
  z.object({
    kind: z.literal('email'),
    addresses,
    ...choice,
    branches: choice.branches.default([]),
  }),
]);

/**
 * `POST /api/v1/projects/:project/notifications {kind: webhook, url, secret, events, branches?}` or
 * `{kind: email, addresses, events, branches?}` → 201, NotificationTargetView; address and secret of a webhook are never
 * told again.
 */
export function addTarget(deps: Pick<AppDeps, 'targets' | 'store' | 'views' | 'settings'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects/:project/notifications',
    access: 'admin',
    audit: 'notification.add',
    handle: async (request, response) => {
      const { id, path } = await aboutProject(deps, request);
      const audit = auditOf(request);
      audit.about({ kind: 'notification', id: null, name: path });
      const wanted = readBodyOf(request, body);
      if (wanted.kind === 'email' && !deps.settings.hasMailServer) throw new Problem('mail_server_missing');
      const target =
        wanted.kind === 'email' ? { ...wanted, addresses: [...new Set(wanted.addresses)] } : wanted;
      response.status(201).json(await deps.targets.add(id, target, audit.done));
    },
  });
}

function isPostable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
