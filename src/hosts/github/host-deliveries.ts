import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostAnswer } from '../../ports/git-host.ts';
import type { DeliverySource, HostDeliveries, ListedDelivery } from '../../ports/host-deliveries.ts';
import type { Answered, Ask, Asker, Question } from './ask.ts';
import { splitName } from './host-name.ts';
import { readGithubNames } from './read-delivery.ts';

/** The most that GitHub gives at once. */
const PAGE = 100;

const anyId = z.union([z.number(), z.bigint()]).transform(String);

const hooks = z.array(z.object({ id: anyId, config: z.object({ url: z.string().nullish() }).nullish() }));

const deliveries = z.array(
  z.object({ id: anyId, guid: z.string(), event: z.string(), delivered_at: z.string() }),
);

const delivery = z.object({
  request: z.object({ payload: z.record(z.string(), z.unknown()).nullable() }),
});

/** What GitHub has sent: to the App's webhook as the App, to a repository's with a token that may read webhooks. */
export function hostDeliveries(
  ask: Ask,
  by: {
    readonly asApp: Asker | null;
    readonly asToken: (repository: string, token: string) => Asker;
    readonly clock: Clock;
  },
): HostDeliveries {
  const askerOf = (source: DeliverySource): Asker | null => {
    if (source.kind === 'app') return by.asApp;
    const { name, access } = source.repository;
    return access.kind === 'token' ? by.asToken(name, access.token) : null;
  };
  const askAs = async <S extends z.ZodType>(
    source: DeliverySource,
    question: Pick<Question<S>, 'what' | 'answer' | 'signal'>,
    at: (base: string) => string,
    query: Readonly<Record<string, string | number>> = {},
  ): Promise<HostAnswer<Answered<z.infer<S>>>> => {
    const asker = askerOf(source);
    if (asker === null) return { kind: 'refused', problem: new Problem('app_not_installed', nameOf(source)) };
    return ask(asker, { ...question, permission: 'Webhooks: read' }, (octokit) =>
      octokit.request(`GET ${at(pathOf(source))}`, query),
    );
  };

  return {
    findWebhook: async (repository, url, signal) => {
      const source = { kind: 'webhook', repository, webhook: '' } as const;
      const question = { what: `list the webhooks of ${repository.name}`, answer: hooks, signal };
      const answer = await askAs(source, question, () => `${repositoryPath(repository.name)}/hooks`, {
        per_page: PAGE,
      });
      if (answer.kind !== 'ok') return answer;
      const webhook = answer.value.data.find(({ config }) => config?.url === url);
      return { kind: 'ok', value: webhook?.id ?? null };
    },
    list: async (source, cursor, signal) => {
      const question = { what: `list deliveries${ofSource(source)}`, answer: deliveries, signal };
      const query = { per_page: PAGE, ...(cursor === null ? {} : { cursor }) };
      const answer = await askAs(source, question, (base) => `${base}/deliveries`, query);
      if (answer.kind !== 'ok') return answer;
      const { data, headers } = answer.value;
      const skewMs = skewOf(headers, by.clock.nowMs());
      const items = data.map((one): ListedDelivery => ({
        id: one.id,
        hostDeliveryId: one.guid,
        event: one.event,
        deliveredAtMs: deliveredAt(one.delivered_at) + skewMs,
      }));
      return { kind: 'ok', value: { items, next: nextCursor(headers) } };
    },
    read: async (source, id, signal) => {
      const question = { what: `read a delivery${ofSource(source)}`, answer: delivery, signal };
      const answer = await askAs(source, question, (base) => `${base}/deliveries/${encodeURIComponent(id)}`);
      if (answer.kind !== 'ok') return answer;
      const { payload } = answer.value.data.request;
      const { action, repository } = readGithubNames(payload);
      return {
        kind: 'ok',
        value: { action, repository, body: payload === null ? null : bodyOf(payload) },
      };
    },
  };
}

function pathOf(source: DeliverySource): string {
  if (source.kind === 'app') return '/app/hook';
  return `${repositoryPath(source.repository.name)}/hooks/${encodeURIComponent(source.webhook)}`;
}

function repositoryPath(name: string): string {
  const { owner, repo } = splitName(name);
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;
}

const nameOf = (source: DeliverySource): { repository: string } => ({
  repository: source.kind === 'app' ? 'any repository' : source.repository.name,
});

const ofSource = (source: DeliverySource): string =>
  source.kind === 'app' ? ' of its webhook' : ` of the webhook of ${source.repository.name}`;

/** The cursor of the link to the next page (RFC 8288, as GitHub documents it in "Using pagination"). */
function nextCursor(headers: Answered<unknown>['headers']): string | null {
  const target = /<([^<>]+)>;\s*rel="next"/.exec(String(headers['link'] ?? ''))?.[1];
  return target === undefined || !URL.canParse(target) ? null : new URL(target).searchParams.get('cursor');
}

/**
 * Where GitHub gives whole seconds, the end of that second: what was missed came after what was still taken in before
 * the server went away.
 */
function deliveredAt(text: string): number {
  return Date.parse(text) + (/\.\d+/.test(text) ? 0 : 999);
}

const CLOCKS_AGREE_MS = 5_000;

/** What must be added to GitHub's times to have ours, where the clocks differ by more than a request takes. */
function skewOf(headers: Answered<unknown>['headers'], nowMs: number): number {
  const hostMs = Date.parse(String(headers['date']));
  const skew = Number.isNaN(hostMs) ? 0 : nowMs - hostMs;
  return Math.abs(skew) > CLOCKS_AGREE_MS ? skew : 0;
}

/** Octokit reads numbers that JavaScript cannot hold as bigint; they go back as they came. */
function bodyOf(payload: unknown): string {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };
  return JSON.stringify(payload, (_key, value: unknown) =>
    typeof value === 'bigint' ? rawJSON(String(value)) : value,
  );
}
