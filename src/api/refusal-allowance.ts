import type { AuditActor } from '../core/audit.ts';
import type { Clock } from '../ports/clock.ts';
import { createRateLimit } from './session/rate-limit.ts';

/** How many refusals are kept of one actor, so that nobody fills the record: the server's log has what is beyond. */
export interface RefusalAllowance {
  /** Whether one more of this actor is kept; it counts then. */
  take(actor: AuditActor): boolean;
}

export const REFUSALS_AN_HOUR = 60;

/** An hour's for each token, whatever of its sessions is used, and one hour's for all strangers together. */
export function createRefusalAllowance(clock: Clock): RefusalAllowance {
  const kept = createRateLimit({ most: REFUSALS_AN_HOUR, withinMs: 3_600_000, clock });
  return { take: ({ kind, id }) => kept.take(`${kind} ${id ?? ''}`) === 0 };
}
