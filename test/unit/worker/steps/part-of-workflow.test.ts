import { describe, expect, it } from 'vitest';
import type { CancelledStep } from '../../../../src/core/work.ts';
import { stepOf } from '../../../support/record.ts';
import { runFlow } from './fake-flow.ts';

const step = (name: string, changes: Parameters<typeof stepOf>[1] = {}) =>
  stepOf(name, { image: 'x', ...changes });
const cancelled = (name: string): CancelledStep => ({ stepId: `stp_${name}`, reason: 'cancelled by ann' });

describe('a step that is cancelled alone', () => {
  it('ends as cancelled; what depends on it is skipped, other branches run on', async () => {
    const end = await runFlow({
      steps: [
        step('slow'),
        step('after', { dependsOn: ['slow'] }),
        step('last', { dependsOn: ['after'] }),
        step('beside'),
        step('more', { dependsOn: ['beside'] }),
      ],
      hangs: ['slow'],
      cancels: { slow: cancelled('slow') },
    });
    expect(end.outcome).toEqual({
      status: 'cancelled',
      reason: 'step slow: cancelled by ann',
      exitCode: null,
    });
    expect([...end.story].sort()).toEqual(
      [
        ...['slow started', 'slow cancelled', 'after skipped', 'last skipped'],
        ...['beside started', 'beside success', 'more started', 'more success'],
      ].sort(),
    );
    expect(end.logs['after']).toBe('Step slow was cancelled.\n');
    expect(end.logs['last']).toBe('Step slow was cancelled.\n');
    expect(end.left).toEqual([]);
  });

  it('spoils nothing where its failure is ignored', async () => {
    const end = await runFlow({
      steps: [step('slow', { failure: 'ignore' }), step('after', { dependsOn: ['slow'] })],
      hangs: ['slow'],
      cancels: { slow: cancelled('slow') },
    });
    expect(end.outcome.status).toBe('success');
    expect(end.story).toEqual(['slow started', 'slow cancelled', 'after started', 'after success']);
  });

  it('lets what runs after failures run after it', async () => {
    const end = await runFlow({
      steps: [
        step('slow'),
        step('tell', { dependsOn: ['slow'], runsOn: ['failure'] }),
        step('tidy', { dependsOn: ['slow'], runsOn: ['success', 'failure'] }),
      ],
      hangs: ['slow'],
      cancels: { slow: cancelled('slow') },
    });
    expect(end.story).toContain('tell success');
    expect(end.story).toContain('tidy success');
    expect(end.outcome.status).toBe('cancelled');
  });

  it('is not tried again', async () => {
    const retry = { count: 2, delayMs: 0, exitCodes: null };
    const end = await runFlow({
      steps: [step('slow', { retry })],
      attempts: { slow: ['a1', 'a2', 'a3'] },
      hangs: ['a1'],
      cancels: { a1: cancelled('slow') },
    });
    expect(end.story).toEqual(['a1 started', 'a1 cancelled']);
  });

  it('counts less than a step that failed', async () => {
    const end = await runFlow({
      steps: [step('slow'), step('bad')],
      hangs: ['slow'],
      cancels: { slow: cancelled('slow') },
      exitCode: () => 3,
    });
    expect(end.outcome).toMatchObject({ status: 'failure', reason: 'step bad: exit code 3' });
  });
});

describe('a part of a workflow', () => {
  it('runs without the steps that are green already, and what depends on those runs', async () => {
    const end = await runFlow({
      steps: [step('lint'), step('unit'), step('e2e', { dependsOn: ['lint', 'unit'] })],
      kept: ['lint'],
    });
    expect(end.outcome.status).toBe('success');
    expect(end.story).toEqual(['unit started', 'unit success', 'e2e started', 'e2e success']);
    expect(end.containers).toEqual(['slipway-unit', 'slipway-e2e']);
  });

  it('is green at once where every step is', async () => {
    const end = await runFlow({ steps: [step('lint')], kept: ['lint'] });
    expect(end.outcome.status).toBe('success');
    expect(end.story).toEqual([]);
  });
});
