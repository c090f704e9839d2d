import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { StepView } from '../../../src/core/views/workflow-view.ts';
import type { StepKind } from '../../../src/core/work.ts';
import { deploymentWords, failedStep, stepToShow, waitsForTests } from '../../../web/at-work.ts';

const step = (kind: StepKind, name: string, status: Status) =>
  ({
    kind,
    name,
    status,
    attempts: [{ startedAtMs: status === 'pending' ? null : 1 }],
  }) as unknown as StepView;
const pushed = {} as BuildView['pushed'];

describe('the log of a build that is shown', () => {
  const shown = (...steps: StepView[]) => stepToShow(steps)?.name;
  const clone = step('clone', 'clone', 'success');
  const push = step('push', 'push', 'running');

  it("is the running step of the user's before the push beside it", () =>
    expect(shown(clone, step('step', 'unit', 'running'), push)).toBe('unit'));
  it('is that of a stage while no step runs', () =>
    expect(shown(clone, step('step', 'unit', 'success'), push)).toBe('push'));
  it('is that of what failed before all others', () =>
    expect(shown(clone, step('step', 'lint', 'failure'), step('step', 'unit', 'running'))).toBe('lint'));
  it('is not that of a failure that counts for nothing', () => {
    const ignored: StepView = { ...step('step', 'lint', 'failure'), ignored: true };
    const unit = step('step', 'unit', 'failure');
    expect(shown(clone, ignored, unit)).toBe('unit');
    expect(shown(clone, ignored, step('step', 'unit', 'success'))).toBe('unit');
    const failed = (...steps: StepView[]) =>
      failedStep({ workflows: [{ steps }] } as unknown as BuildView)?.name ?? null;
    expect(failed(ignored, unit)).toBe('unit');
    expect(failed(ignored)).toBeNull();
  });
  it('is that of the last step at the end, and none before the beginning', () => {
    expect(shown(clone, step('step', 'unit', 'success'), step('push', 'push', 'success'))).toBe('unit');
    expect(shown(step('clone', 'clone', 'pending'))).toBeUndefined();
  });
});

describe('a push', () => {
  const push = step('push', 'push', 'running');
  it('waits for the tests once its image is in the registry', () =>
    expect(waitsForTests(push, [step('step', 'unit', 'running'), push], { pushed })).toBe(true));
  it('is at work before, and when the tests are done', () => {
    expect(waitsForTests(push, [step('step', 'unit', 'running'), push], { pushed: null })).toBe(false);
    expect(waitsForTests(push, [step('step', 'unit', 'success'), push], { pushed })).toBe(false);
  });
});

it('a deployment that is prepared while the tests run is held, as nothing of it goes on before green', () => {
  const pulling = { status: 'running', phase: 'pulling', cause: 'build' } as const;
  expect(deploymentWords(pulling, { status: 'running' })).toBe('pulling, held until the build is green');
  expect(deploymentWords(pulling, { status: 'success' })).toBe('pulling');
  expect(deploymentWords({ ...pulling, cause: 'rollback' }, { status: 'running' })).toBe('pulling');
  expect(deploymentWords({ ...pulling, status: 'failure' }, { status: 'running' })).toBe('failure');
});
