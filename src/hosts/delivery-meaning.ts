import type { RepositoryEvent } from '../core/event.ts';

/** What a delivery of a Git host means to us. Planned, so a value: a payload never throws. */
export type DeliveryMeaning =
  /** To be built. `repository` is the full name on the host, lower case. */
  | { readonly kind: 'event'; readonly repository: string; readonly event: RepositoryEvent }
  /** Recorded as a build that waits for a person; nothing of it runs and no secret is read. */
  | {
      readonly kind: 'blocked';
      readonly repository: string;
      readonly event: RepositoryEvent;
      readonly reason: string;
    }
  | { readonly kind: 'ignored'; readonly repository: string | null; readonly reason: string };
