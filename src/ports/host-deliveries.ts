import type { HostAnswer, HostRepository } from './git-host.ts';

/** Whose deliveries are asked for: the server's App has one webhook, a repository may have its own. */
export type DeliverySource =
  | { readonly kind: 'app' }
  | { readonly kind: 'webhook'; readonly repository: HostRepository; readonly webhook: string };

/** A delivery as a Git host lists it, without its payload. */
export interface ListedDelivery {
  /** By which {@link HostDeliveries.read} finds it. */
  readonly id: string;
  /** As the header of the webhook request has it; a redelivery has that of the first. */
  readonly hostDeliveryId: string;
  readonly event: string;
  /** When the host sent it, by this server's clock, epoch ms. */
  readonly deliveredAtMs: number;
}

/** Newest first. */
export interface DeliveryPage {
  readonly items: readonly ListedDelivery[];
  /** Where the next, older page begins; null at the end. */
  readonly next: string | null;
}

/** What was sent with a delivery. */
export interface DeliveryContent {
  readonly action: string | null;
  /** Full name, lower case; null where the payload has none. */
  readonly repository: string | null;
  /** The payload as JSON; null where the host has it no more. */
  readonly body: string | null;
}

/** What a Git host has sent to webhooks, as it keeps it for some days. */
export interface HostDeliveries {
  /** Id of the repository's webhook that sends to `url`; null when it has none. */
  findWebhook(
    repository: HostRepository,
    url: string,
    signal?: AbortSignal,
  ): Promise<HostAnswer<string | null>>;
  list(
    source: DeliverySource,
    cursor: string | null,
    signal?: AbortSignal,
  ): Promise<HostAnswer<DeliveryPage>>;
  read(source: DeliverySource, id: string, signal?: AbortSignal): Promise<HostAnswer<DeliveryContent>>;
}
