import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from '../../../config/settings-table.ts';
import { EFFECT_TRIES, TIMES } from '../../../config/times.ts';
import { statusOfBuild, statusOfDeployment } from '../../../src/core/commit-status.ts';

const page = readFileSync(new URL('../../../docs/github.md', import.meta.url), 'utf8');
const moment = { reason: null, startedAtMs: 0, finishedAtMs: 0 };

test('docs/github.md names every context and no other', () => {
  const builds = (['push', 'tag', 'pull_request', 'manual'] as const).map(
    (event) => statusOfBuild({ ...moment, status: 'success', event }).context,
  );
  const environment = '<environment>';
  const deployed = statusOfDeployment({ ...moment, status: 'success', environment, cause: 'build' });
  const wanted = new Set([...builds, deployed?.context]);
  const named = [...page.matchAll(/^\| `(slipway\/[^`]+)` \|/gm)].map(([, context]) => context);
  expect(named.sort()).toEqual([...wanted].sort());
});

test('docs/github.md tells each status as it is told', () => {
  const statuses = ['pending', 'running', 'blocked', 'success', 'failure', 'error', 'cancelled'] as const;
  for (const status of statuses) {
    const { state } = statusOfBuild({ ...moment, status, event: 'push' });
    expect(page, status).toMatch(new RegExp(`^\\|[^|]*\`${status}\`[^|]*\\| ${state}`, 'm'));
  }
  expect(statusOfBuild({ ...moment, status: 'skipped', event: 'push' }).state).toBe('success');
});

test('docs/github.md tells times and settings as they are', () => {
  expect([TIMES.missedDeliveries, EFFECT_TRIES['commit-status']]).toEqual([3 * 60_000, 24 * 60]);
  expect(page).toContain('every three minutes');
  expect(page).toContain('again for a day');
  for (const { name } of [SETTINGS.githubApi, SETTINGS.githubAppId, SETTINGS.githubAppKey])
    expect(page).toContain(name);
});
