import { expect, it } from 'vitest';
import { createRefusalAllowance, REFUSALS_AN_HOUR } from '../../../src/api/refusal-allowance.ts';
import type { AuditActor } from '../../../src/core/audit.ts';

const HOUR_MS = 3_600_000;
const nobody: AuditActor = { kind: 'nobody', id: null, name: null, via: null };
const admin = (id: string, via: 'token' | 'session'): AuditActor => ({ kind: 'admin', id, name: id, via });

it('keeps so many refusals an hour of each token, through its sessions too, and of all strangers together', () => {
  let now = 1_763_000_000_000;
  const allowance = createRefusalAllowance({ nowMs: () => now });
  const kept = (actor: AuditActor, tries: number) =>
    Array.from({ length: tries }, () => allowance.take(actor)).filter(Boolean).length;
  expect(kept(admin('tok_1', 'token'), 40)).toBe(40);
  expect(kept(admin('tok_1', 'session'), 40)).toBe(REFUSALS_AN_HOUR - 40);
  expect(kept({ kind: 'worker', id: 'wrk_1', name: 'w', via: 'token' }, 100)).toBe(REFUSALS_AN_HOUR);
  expect(kept(nobody, 100)).toBe(REFUSALS_AN_HOUR);
  expect(kept(admin('tok_2', 'token'), 1)).toBe(1);
  now += HOUR_MS - 1;
  expect(kept(nobody, 1)).toBe(0);
  now += 1;
  expect(kept(nobody, 100)).toBe(REFUSALS_AN_HOUR);
});
