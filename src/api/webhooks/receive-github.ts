import type { Request } from 'express';
import { SIZES } from '../../../config/times.ts';
import { Problem } from '../../core/problem.ts';
import { readGithubNames } from '../../hosts/github/read-delivery.ts';
import { GITHUB_HEADERS } from '../../hosts/github/webhook-headers.ts';
import { readBody } from '../../webhooks/read-body.ts';
import { createReceivingRoom, type ReceivingPlace } from '../../webhooks/receiving-room.ts';
import { hasValidSignature, isSignature } from '../../webhooks/signature.ts';
import type { RecordedDelivery } from '../../webhooks/delivery-store.ts';
import type { AppDeps } from '../deps.ts';
import { nameInAccessLog } from '../middleware/access-log.ts';
import { route, type Route } from '../route.ts';

type Deps = Pick<AppDeps, 'deliveries' | 'settings' | 'clock'>;

/**
 * `POST /webhooks/github`: verifies the raw body, then its type, then parses it; keeps it durably; answers 202
 * (200 for one that was known and handled, with the builds it led to). All work on it comes later. What its head
 * shows to be wrong is refused before its body is read.
 */
export function receiveGithub(deps: Deps): Route {
  const room = createReceivingRoom(deps.settings.limits.receivingBytes);
  return route({
    method: 'post',
    path: '/webhooks/github',
    access: 'signature',
    audit: 'delivery',
    handle: async (request, response) => {
      const place = room.enter();
      try {
        const recorded = await receive(deps, request, place);
        nameInAccessLog(request, { deliveryId: recorded.id });
        response.status(recorded.outcome === 'received' ? 202 : 200).json(answerOf(deps, recorded));
      } finally {
        place.leave();
      }
    },
  });
}

async function receive(deps: Deps, request: Request, place: ReceivingPlace): Promise<RecordedDelivery> {
  const delivery = await verify(deps, request, place);
  return deps.deliveries.record({ host: 'github', ...delivery, receivedAtMs: deps.clock.nowMs() });
}

function answerOf({ settings: { publicUrl } }: Deps, { id, outcome, reason, builds }: RecordedDelivery) {
  return {
    delivery: id,
    outcome,
    reason,
    url: `${publicUrl}/deliveries/${id}`,
    builds: builds.map((build) => ({ ...build, url: `${publicUrl}/builds/${build.id}` })),
  };
}

async function verify({ settings }: Deps, request: Request, place: ReceivingPlace) {
  const signature = request.headers[GITHUB_HEADERS.signature];
  if (typeof signature !== 'string') throw new Problem('signature_missing');
  const deliveryId = printable(request.headers[GITHUB_HEADERS.deliveryId]);
  const secrets = settings.webhookSecrets.filter((secret) => secret !== '');
  if (secrets.length === 0 || !isSignature(signature)) throw new Problem('signature_wrong', { deliveryId });
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new Problem('encoding_wrong', { encoding: encoding.slice(0, 50) });
  const withinMs = settings.limits.receiveMs;
  const body = await readBody(request, { mostBytes: SIZES.webhookBody, withinMs, place });
  if (!hasValidSignature(signature, body, secrets)) throw new Problem('signature_wrong', { deliveryId });
  const type = request.headers['content-type'] ?? 'missing';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem('content_type_wrong', { contentType: type.slice(0, 100) });
  const event = demandHeader(request, GITHUB_HEADERS.event);
  const text = Buffer.concat(body).toString('utf8');
  return {
    hostDeliveryId: demandHeader(request, GITHUB_HEADERS.deliveryId),
    event,
    body: text,
    ...namesOf(parse(text)),
  };
}

function namesOf(payload: unknown): { repository: string | null; action: string | null } {
  const { repository, action } = readGithubNames(payload);
  return { repository, action };
}

function demandHeader(request: Request, header: string): string {
  const value = request.headers[header];
  if (typeof value !== 'string' || !/^[\w.-]{1,128}$/.test(value))
    throw new Problem('delivery_header_missing', { header });
  return value;
}

function parse(text: string): unknown {
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload;
  } catch {
    // A parser's message repeats parts of the body; they have no place in an answer or a log.
    throw new Problem('json_wrong', { cause: 'it cannot be parsed' });
  }
  throw new Problem('json_wrong', { cause: 'it is not an object' });
}

function printable(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.-]{1,128}$/.test(header) ? header : 'without an id';
}
