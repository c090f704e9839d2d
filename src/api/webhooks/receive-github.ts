import type { Request } from 'express';
import { SIZES } from '../../../config/times.ts';
import { Problem } from '../../core/problem.ts';
import { readGithubNames } from '../../hosts/github/read-delivery.ts';
import { GITHUB_HEADERS } from '../../hosts/github/webhook-headers.ts';
import { readBody } from '../../webhooks/read-body.ts';
import { hasValidSignature } from '../../webhooks/signature.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

type Deps = Pick<AppDeps, 'deliveries' | 'settings' | 'clock'>;

/**
 * `POST /webhooks/github`: verifies the raw body, then its type, then parses it; keeps it durably; answers 202
 * (200 for one that was known and handled, with the builds it led to). All work on it comes later.
 */
export function receiveGithub(deps: Deps): Route {
  return route({
    method: 'post',
    path: '/webhooks/github',
    access: 'signature',
    handle: async (request, response) => {
      const delivery = await verify(deps, request);
      const recorded = await deps.deliveries.record({
        host: 'github',
        ...delivery,
        receivedAtMs: deps.clock.nowMs(),
      });
      const { publicUrl } = deps.settings;
      response.status(recorded.outcome === 'received' ? 202 : 200).json({
        delivery: recorded.id,
        outcome: recorded.outcome,
        reason: recorded.reason,
        url: `${publicUrl}/deliveries/${recorded.id}`,
        builds: recorded.builds.map((build) => ({ ...build, url: `${publicUrl}/builds/${build.id}` })),
      });
    },
  });
}

async function verify({ settings }: Deps, request: Request) {
  const signature = request.headers[GITHUB_HEADERS.signature];
  if (typeof signature !== 'string') throw new Problem('signature_missing');
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new Problem('encoding_wrong', { encoding: encoding.slice(0, 50) });
  const body = await readBody(request, SIZES.webhookBody);
  const hostDeliveryId = request.headers[GITHUB_HEADERS.deliveryId];
  if (!hasValidSignature(signature, body, settings.webhookSecrets))
    throw new Problem('signature_wrong', { deliveryId: printable(hostDeliveryId) });
  const type = request.headers['content-type'] ?? 'missing';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem('content_type_wrong', { contentType: type.slice(0, 100) });
  const event = demandHeader(request, GITHUB_HEADERS.event);
  const text = Buffer.concat(body).toString('utf8');
  return {
    hostDeliveryId: demandHeader(request, GITHUB_HEADERS.deliveryId),
    event,
    body: text,
    ...readGithubNames(parse(text)),
  };
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
