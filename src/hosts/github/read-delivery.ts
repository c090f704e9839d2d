import type { z } from 'zod';
import type { DeliveryMeaning } from '../delivery-meaning.ts';
import { named, pullRequestPayload, pushPayload } from './payload.ts';
import { readPullRequest } from './read-pull-request.ts';
import { readPush } from './read-push.ts';

/** Events that may lead to a build. */
export const BUILT_EVENTS: ReadonlySet<string> = new Set(['push', 'pull_request']);

/**
 * What a GitHub delivery means. `event` is the header `X-GitHub-Event`, `payload` the parsed body.
 * Never throws: a payload that is not as GitHub documents it is ignored, with the field that is wrong.
 */
export function readGithubDelivery(event: string, payload: unknown): DeliveryMeaning {
  const { repository } = readGithubNames(payload);
  const ignored = (reason: string): DeliveryMeaning => ({ kind: 'ignored', repository, reason });
  switch (event) {
    case 'ping':
      return ignored('ping: the webhook works');
    case 'push':
      return read(pushPayload, payload, readPush, ignored);
    case 'pull_request':
      return read(pullRequestPayload, payload, readPullRequest, ignored);
    default:
      return ignored(`nothing is built for the event ${event}`);
  }
}

/**
 * What any GitHub payload names, null where it does not: the repository's full name (lower case), the action, and the
 * App's installation that it was sent for.
 */
export function readGithubNames(payload: unknown): {
  repository: string | null;
  action: string | null;
  installation: string | null;
} {
  const { data } = named.safeParse(payload);
  return {
    repository: data?.repository?.full_name.toLowerCase() ?? null,
    action: data?.action ?? null,
    installation: data?.installation?.id.toString() ?? null,
  };
}

function read<S extends z.ZodType>(
  schema: S,
  payload: unknown,
  mean: (payload: z.infer<S>) => DeliveryMeaning,
  ignored: (reason: string) => DeliveryMeaning,
): DeliveryMeaning {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return mean(parsed.data);
  const issue = parsed.error.issues[0];
  return ignored(`the payload is not GitHub's: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
