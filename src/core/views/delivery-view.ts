export interface DeliveryView {
  readonly id: string;
  /** The host's id of the delivery. */
  readonly hostDeliveryId: string;
  readonly host: 'github';
  readonly event: string;
  readonly action: string | null;
  readonly repository: string | null;
  readonly receivedAtMs: number;
  /** `received`: not yet worked on. `failed`: our fault; it is processed when it comes again or is replayed. */
  readonly outcome: 'received' | 'built' | 'ignored' | 'blocked' | 'failed';
  readonly reason: string | null;
  readonly buildIds: readonly string[];
  /** Branch, tag or `#12` of a pull request, and commit, of what was built; null when nothing was. */
  readonly refName: string | null;
  readonly commit: string | null;
  readonly bytes: number;
  readonly times: number;
}
