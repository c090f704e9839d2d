import type { DeliveryView } from '../core/views/delivery-view.ts';
import type { Note } from '../store/store.ts';

/** A delivery whose signature was found right. */
export interface NewDelivery {
  readonly host: 'github';
  readonly hostDeliveryId: string;
  readonly event: string;
  readonly action: string | null;
  /** Full name on the host, lower case; null where the payload has none. */
  readonly repository: string | null;
  /** As it was signed, UTF-8. */
  readonly body: string;
  readonly receivedAtMs: number;
  /** When the Git host sent it, for one that comes late: it takes that place in the order of arrival. */
  readonly sentAtMs?: number;
}

export interface RecordedDelivery {
  readonly id: string;
  /** False when this delivery id, or this signed body under another, had come before; the first body is kept. */
  readonly isNew: boolean;
  readonly outcome: DeliveryView['outcome'];
  readonly reason: string | null;
  readonly builds: readonly { readonly id: string; readonly number: number; readonly projectPath: string }[];
}

/** The record of deliveries. Every promise resolves after the commit. */
export interface DeliveryStore {
  /**
   * Keeps a delivery as `received`; those that come at the same time share a commit. One that came before is
   * counted, and one that `failed` is `received` again; so is a body that came before under another id, which no signature covers.
   */
  record(delivery: NewDelivery): Promise<RecordedDelivery>;
  /**
   * A person wants it processed again: `failed` and `ignored` ones are `received` again; one that led to a build, be it
   * a blocked one, keeps it. @throws Problem `not_found`, `already_ended` for a delivery that led to a build.
   */
  replay(deliveryId: string, note?: Note): Promise<void>;
}
