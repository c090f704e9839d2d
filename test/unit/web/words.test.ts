import { expect, it } from 'vitest';
import { historyWords } from '../../../web/deployment-words.ts';
import { spansOf } from '../../../web/spans.ts';

it('the history says "deployed" of nothing but what was deployed', () => {
  expect(historyWords('build', 'success')).toBe('deployed');
  expect(historyWords('build', 'failure')).toBe('tried to deploy');
  expect(historyWords('build', 'skipped')).toBe('did not deploy');
  expect(historyWords('build', 'cancelled')).toBe('did not deploy');
  expect(historyWords('rollback', 'success')).toBe('rolled back to');
  expect(historyWords('rollback', 'error')).toBe('tried to roll back to');
  expect(historyWords('manual', 'running')).toBe('deploys by hand');
});

it('shows what stands between backticks as code, and a backtick alone as it is', () => {
  expect(spansOf('Run `slipway lint`, or ask.')).toEqual([
    { kind: 'plain', text: 'Run ' },
    { kind: 'code', text: 'slipway lint' },
    { kind: 'plain', text: ', or ask.' },
  ]);
  expect(spansOf('`a` ` b')).toEqual([
    { kind: 'code', text: 'a' },
    { kind: 'plain', text: ' ` b' },
  ]);
  expect(spansOf('')).toEqual([]);
});
