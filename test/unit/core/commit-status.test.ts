import { describe, expect, it } from 'vitest';
import { kindsOfContext, statusOfBuild, statusOfDeployment } from '../../../src/core/commit-status.ts';
import type { BuildState, DeploymentState } from '../../../src/core/commit-status.ts';

const build = (changes: Partial<BuildState>) =>
  statusOfBuild({
    status: 'success',
    reason: null,
    event: 'push',
    startedAtMs: 1_000,
    finishedAtMs: 73_400,
    ...changes,
  });
const deployment = (changes: Partial<DeploymentState>) =>
  statusOfDeployment({
    status: 'success',
    reason: null,
    environment: 'production',
    cause: 'build',
    startedAtMs: 1_000,
    ...changes,
  });

describe('a build is told', () => {
  it.each([
    [{ status: 'blocked', reason: 'of a fork' }, 'pending', 'of a fork'],
    [{ status: 'pending' }, 'pending', 'waits for its turn'],
    [{ status: 'running' }, 'pending', 'is running'],
    [{ status: 'success' }, 'success', 'succeeded in 1 min 12 s'],
    [{ status: 'success', finishedAtMs: 4_000 }, 'success', 'succeeded in 3 s'],
    [{ status: 'failure', reason: 'step unit: exit code 3' }, 'failure', 'step unit: exit code 3'],
    [{ status: 'error', reason: 'worker lost' }, 'error', 'worker lost'],
    [{ status: 'cancelled', reason: 'superseded by #7' }, 'error', 'cancelled: superseded by #7'],
    [
      { status: 'skipped', reason: 'nothing is for this event' },
      'success',
      'skipped: nothing is for this event',
    ],
  ] as const)('%j as %s: %s', (changes, state, description) => {
    expect(build(changes)).toEqual({ state, context: 'slipway/build', description });
  });

  it("in a context of its event, so that a tag's build never hides the push's", () => {
    expect(build({ event: 'manual' }).context).toBe('slipway/build');
    expect(build({ event: 'tag' }).context).toBe('slipway/build/tag');
    expect(build({ event: 'pull_request' }).context).toBe('slipway/build/pull-request');
    expect(kindsOfContext('manual')).toEqual(['push', 'manual']);
    expect(kindsOfContext('tag')).toEqual(['tag']);
  });

  it("in one line that fits into GitHub's 140 characters", () => {
    const { description } = build({ status: 'failure', reason: `two\nlines\u001b ${'🚢'.repeat(200)}` });
    expect(description.startsWith('two lines 🚢')).toBe(true);
    expect([...description]).toHaveLength(140);
    expect(description.endsWith('🚢…')).toBe(true);
  });
});

describe('a deployment is told', () => {
  it.each([
    [{ status: 'running' }, 'pending', 'is being deployed'],
    [{ status: 'running', cause: 'rollback' }, 'pending', 'is being rolled back to'],
    [{ status: 'success' }, 'success', 'deployed'],
    [{ status: 'success', cause: 'rollback' }, 'success', 'rolled back to this release'],
    [{ status: 'failure', reason: 'health: 503' }, 'failure', 'health: 503'],
    [{ status: 'error', reason: 'engine lost' }, 'error', 'engine lost'],
    [{ status: 'skipped', reason: 'superseded by #7' }, 'error', 'not deployed: superseded by #7'],
    [{ status: 'cancelled', reason: null }, 'error', 'not deployed: cancelled'],
  ] as const)('%j as %s: %s', (changes, state, description) => {
    expect(deployment(changes)).toEqual({ state, context: 'slipway/deploy/production', description });
  });

  it('only from its turn on: one that was skipped before leaves no mark on its commit', () => {
    expect(deployment({ status: 'pending', startedAtMs: null })).toBeNull();
    expect(deployment({ status: 'skipped', reason: 'superseded by #7', startedAtMs: null })).toBeNull();
    expect(deployment({ status: 'cancelled', startedAtMs: null })).toBeNull();
  });
});
