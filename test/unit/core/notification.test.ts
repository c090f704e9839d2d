import { expect, it } from 'vitest';
import {
  eventsOfBuild,
  eventsOfDeployment,
  wants,
  type NotificationMessage,
} from '../../../src/core/notification.ts';
import { textOf } from '../../../src/core/notification-text.ts';

it.each([
  ['failure', null, ['build.failed', 'build.ended']],
  ['error', 'success', ['build.failed', 'build.ended']],
  ['success', 'failure', ['build.recovered', 'build.ended']],
  ['success', 'error', ['build.recovered', 'build.ended']],
  ['success', 'success', ['build.ended']],
  ['success', null, ['build.ended']],
  ['cancelled', 'failure', ['build.ended']],
  ['skipped', 'failure', ['build.ended']],
] as const)('a build that ends with %s after %s is %j', (status, before, events) =>
  expect(eventsOfBuild(status, before)).toEqual(events),
);

it.each([
  ['success', ['deployment.done']],
  ['failure', ['deployment.failed']],
  ['error', ['deployment.failed']],
  ['cancelled', []],
  ['skipped', []],
] as const)('a deployment that ends with %s is %j', (status, events) =>
  expect(eventsOfDeployment(status)).toEqual(events),
);

it.each([
  [[], 'main', true],
  [[], null, true],
  [['main'], 'main', true],
  [['main'], 'main2', false],
  [['main'], null, false],
  [['release/*'], 'release/1.2', true],
  [['release/*'], 'release/', true],
  [['release/*'], 'releases/1', false],
  [['*'], 'any/thing', true],
  [['*'], null, false],
  [['a*b*c'], 'a--b--c', true],
  [['a*b*c'], 'acb', false],
  [['ab*ba'], 'aba', false],
  [['a*a'], 'a', false],
  [['x', 'main'], 'main', true],
])('branches %j and the branch %s: %s', (branches, branch, told) => {
  expect(wants({ events: ['build.failed'], branches }, ['build.failed', 'build.ended'], branch)).toBe(told);
});

it('wants nothing that it has not named', () => {
  expect(wants({ events: ['deployment.done'], branches: [] }, ['build.failed', 'build.ended'], 'main')).toBe(
    false,
  );
  expect(wants({ events: ['build.ended'], branches: [] }, ['build.failed', 'build.ended'], 'main')).toBe(
    true,
  );
});

it('a pattern of many stars is held against a long name at once', () => {
  const startedAt = performance.now();
  wants({ events: ['build.ended'], branches: ['*a'.repeat(120) + 'b'] }, ['build.ended'], 'a'.repeat(250));
  expect(performance.now() - startedAt).toBeLessThan(100);
});

const message: NotificationMessage = {
  event: 'build.failed',
  atMs: 1,
  project: 'shop/web',
  path: '/builds/bld_1',
  build: {
    id: 'bld_1',
    number: 12,
    status: 'failure',
    reason: 'step unit: exit code 1',
    event: 'push',
    ref: 'main',
    commit: 'a'.repeat(40),
    message: 'Break it\r\nBcc: everybody@example.com',
    author: 'Ada',
    startedAtMs: 0,
    finishedAtMs: 1,
  },
  deployment: null,
};

it('an e-mail says what, why, of which commit and where more is, its subject in one line', () => {
  const { subject, text } = textOf({ ...message, project: 'shop/web\r\nBcc: x@y.test' }, 'https://ci.test');
  expect(subject).toBe('[shop/web Bcc: x@y.test] Build #12 of main failed');
  expect(textOf(message, 'https://ci.test').text).toContain(
    'Build #12 of main failed.\nstep unit: exit code 1\n\naaaaaaaaaaaa Break it',
  );
  expect(text).toContain('https://ci.test/builds/bld_1');
});

it.each([
  ['build.recovered', null, 'Build #12 of main succeeds again'],
  ['build.ended', null, 'Build #12 of main ended: failure'],
  ['test', null, 'This is a test: notifications reach you'],
  ['deployment.done', 'build', 'production: deployed #12'],
  ['deployment.done', 'rollback', 'production: rolled back to #12'],
  ['deployment.failed', 'build', 'production: #12 was not deployed, it ended with failure'],
] as const)('%s (%s) is "%s"', (event, cause, sentence) => {
  const deployment =
    cause === null
      ? null
      : { id: 'dep_1', environment: 'production', status: 'failure', reason: null, cause };
  expect(textOf({ ...message, event, deployment }, '').subject).toBe(`[shop/web] ${sentence}`);
});
