import { TIMES } from '../../../config/times.ts';

/**
 * Shortens the table of times for one process of the experiment, so that a round takes seconds: everything stays in
 * proportion, a freeze (`SLIPWAY_TEST_LEASE_MS` × 4/3) is still longer than a lease. The first import of its process,
 * because some modules read the table when they are loaded.
 */
const leaseMs = Number(process.env['SLIPWAY_TEST_LEASE_MS'] ?? TIMES.lease);
const factor = leaseMs / TIMES.lease;
const table = TIMES as Record<string, number>;
for (const name of ['lease', 'heartbeat', 'serverLock', 'reconciler', 'placement'] as const)
  table[name] = Math.round(TIMES[name] * factor);
