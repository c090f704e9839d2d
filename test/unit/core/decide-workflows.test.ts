import { describe, expect, it } from 'vitest';
import { decideWorkflows, isAfterFailure, isReady } from '../../../src/core/decide-workflows.ts';
import type { OpenWorkflow } from '../../../src/core/decide-workflows.ts';

function workflow(name: string, more: Partial<OpenWorkflow> = {}): OpenWorkflow {
  return {
    id: `wfl_${name}`,
    name,
    matrix: null,
    dependsOn: [],
    runsOn: ['success'],
    status: 'pending',
    reason: null,
    ...more,
  };
}

const ended = (name: string, status: OpenWorkflow['status'], more: Partial<OpenWorkflow> = {}) =>
  workflow(name, { status, ...more });

describe('a build', () => {
  it('goes on while a workflow of it has not ended', () => {
    const decision = decideWorkflows([ended('a', 'success'), workflow('b', { status: 'running' })], null);
    expect(decision).toEqual({ end: [], build: null });
  });

  it('of one workflow ends as that does, with its reason', () => {
    const reason = 'step unit failed';
    expect(decideWorkflows([ended('a', 'failure', { reason })], null).build).toEqual({
      status: 'failure',
      reason,
    });
  });

  it('ends as the worst of its workflows, and says which', () => {
    const all = [
      ended('a', 'success'),
      ended('b', 'failure', { reason: 'step unit failed', matrix: { NODE: '20' } }),
      ended('b', 'failure', { reason: 'step unit failed', matrix: { NODE: '22' } }),
    ];
    expect(decideWorkflows(all, null).build).toEqual({
      status: 'failure',
      reason: 'workflow b (NODE=20): step unit failed (and 1 more)',
    });
    expect(decideWorkflows([...all, ended('c', 'error', { reason: 'worker lost' })], null).build).toEqual({
      status: 'error',
      reason: 'workflow c: worker lost',
    });
  });

  it('is green when what did not run was not meant to', () => {
    const all = [ended('a', 'success'), ended('mend', 'skipped')];
    expect(decideWorkflows(all, null).build).toEqual({ status: 'success', reason: null });
  });
});

describe('a workflow that waits for others', () => {
  it('is skipped with all that waits for it once one of them failed', () => {
    const all = [
      ended('a', 'failure'),
      workflow('b', { dependsOn: ['a'] }),
      workflow('c', { dependsOn: ['b'] }),
    ];
    expect(decideWorkflows(all, null)).toEqual({
      end: [
        { id: 'wfl_b', status: 'skipped', reason: 'workflow a ended with failure' },
        { id: 'wfl_c', status: 'skipped', reason: 'workflow b ended with skipped' },
      ],
      build: { status: 'failure', reason: 'workflow a: ended with failure' },
    });
  });

  it('runs after a failure where it says so, and then not after a success', () => {
    const mend = workflow('mend', { dependsOn: ['a'], runsOn: ['failure'] });
    expect(decideWorkflows([ended('a', 'failure'), mend], null)).toEqual({ end: [], build: null });
    expect(isReady(mend, [ended('a', 'failure')])).toBe(true);
    expect(decideWorkflows([ended('a', 'success'), mend], null)).toEqual({
      end: [{ id: 'wfl_mend', status: 'skipped', reason: 'it runs after a failure only' }],
      build: { status: 'success', reason: null },
    });
    expect(isReady({ ...mend, dependsOn: [] }, [])).toBe(true);
    const always = workflow('b', { dependsOn: ['a'], runsOn: ['success', 'failure'] });
    const isAfter = (...all: readonly OpenWorkflow[]): boolean => isAfterFailure(always, all);
    expect([isAfter(ended('a', 'failure')), isAfter(ended('a', 'skipped'))]).toEqual([true, true]);
    expect([isAfter(ended('a', 'success'), ended('c', 'failure')), isAfter()]).toEqual([false, false]);
    expect([isReady(always, [ended('a', 'failure')]), isReady(always, [ended('a', 'success')])]).toEqual([
      true,
      true,
    ]);
  });

  it('waits for every combination of a matrix', () => {
    const b = workflow('b', { dependsOn: ['a'] });
    const one = ended('a', 'success', { matrix: { A: '1' } });
    expect(isReady(b, [one, workflow('a', { matrix: { A: '2' } })])).toBe(false);
    expect(isReady(b, [one, ended('a', 'success', { matrix: { A: '2' } })])).toBe(true);
  });

  it('is cancelled with its build, also where it would have been skipped', () => {
    const all = [ended('a', 'cancelled'), workflow('b', { dependsOn: ['a'] })];
    expect(decideWorkflows(all, 'no longer needed').end).toEqual([
      { id: 'wfl_b', status: 'cancelled', reason: 'no longer needed' },
    ]);
  });
});
