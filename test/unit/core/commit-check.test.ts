import { describe, expect, it } from 'vitest';
import { checkOfTests, MOST_ANNOTATIONS } from '../../../src/core/commit-check.ts';
import type { FailedTest, TestedBuild } from '../../../src/core/commit-check.ts';

const failed = (more: Partial<FailedTest> = {}): FailedTest => ({
  ...{ suite: 'cart', name: 'adds', status: 'failed', file: 'src/cart.test.ts', line: 12 },
  ...{ message: 'expected 1', start: '.', directory: '.' },
  ...more,
});
const build = (more: Partial<TestedBuild> = {}): TestedBuild => ({
  ...{ id: 'bld_1', commit: 'a'.repeat(40), event: 'push', status: 'failure' },
  ...{ startedAtMs: 1_000, finishedAtMs: 2_000 },
  counts: { passed: 3, failed: 1, error: 0, skipped: 0 },
  failed: [failed()],
  isMissing: false,
  ...more,
});
const check = (more?: Partial<TestedBuild>) => checkOfTests(build(more), 'https://ci.example/builds/bld_1');
const pathOf = (more: Partial<FailedTest>) => check({ failed: [failed(more)] }).annotations[0]?.path;

describe('the check of a build', () => {
  it('says how many tests failed, and shows each where it did', () => {
    expect(check()).toMatchObject({
      ...{ name: 'slipway/tests', id: 'bld_1', conclusion: 'failure', title: '3 passed, 1 failed' },
      annotations: [{ path: 'src/cart.test.ts', line: 12, title: 'cart › adds', message: 'expected 1' }],
    });
  });

  it('has a name for each kind of build, as its commit status has', () => {
    expect(check({ event: 'manual' }).name).toBe('slipway/tests');
    expect(check({ event: 'pull_request' }).name).toBe('slipway/tests/pull-request');
  });

  it('is green where all passed, and neutral where the build went without those that failed', () => {
    const counts = { passed: 3, failed: 0, error: 0, skipped: 0 };
    expect(check({ status: 'failure', counts, failed: [] }).conclusion).toBe('success');
    expect(check({ status: 'success' }).conclusion).toBe('neutral');
  });

  it('is green for no build of which reports are missing, or that was not run to its end, and says why', () => {
    const passed = { counts: { passed: 3, failed: 0, error: 0, skipped: 0 }, failed: [] };
    const missing = check({ ...passed, isMissing: true });
    expect([missing.conclusion, missing.summary]).toEqual(['neutral', expect.stringContaining('is missing')]);
    for (const [status, told] of [
      ['error', 'ended with an error'],
      ['cancelled', 'was cancelled'],
    ] as const) {
      const shown = check({ ...passed, status });
      expect([shown.conclusion, shown.summary]).toEqual(['neutral', expect.stringContaining(told)]);
      expect(check({ status }).conclusion).toBe('failure');
    }
    expect(check({ isMissing: true }).conclusion).toBe('failure');
    expect(check(passed).summary).not.toMatch(/missing|ended with|cancelled/);
  });

  it('says how many failures it leaves out', () => {
    const many = Array.from({ length: MOST_ANNOTATIONS + 3 }, (_, n) => failed({ line: n + 1 }));
    const counts = { passed: 0, failed: MOST_ANNOTATIONS + 7, error: 0, skipped: 0 };
    const shown = check({ failed: [failed({ line: null }), ...many], counts });
    expect(shown.annotations).toHaveLength(MOST_ANNOTATIONS);
    expect(shown.summary).toContain(`7 of ${MOST_ANNOTATIONS + 7} failures are not shown in the files`);
    expect(check().summary).not.toContain('not shown');
  });

  it('never brings a text of a test into Markdown', () => {
    const shown = check({ failed: [failed({ name: '@everyone [x](https://e.example)', line: null })] });
    expect(shown.summary + shown.title).not.toContain('everyone');
  });

  it('cuts a long title, keeps it in one line, and has a message in any case', () => {
    const [shown] = check({ failed: [failed({ name: `a\nb${'c'.repeat(600)}`, message: ' ' })] }).annotations;
    expect(shown?.title).toMatch(/^cart › a bc+…$/);
    expect(shown?.title).toHaveLength(255);
    expect(shown?.message).toBe('The report says no more.');
  });
});

describe("a test's file is named from the repository's root", () => {
  it.each([
    ['as it is, of a step at the root', {}, 'src/cart.test.ts'],
    ["below the step's directory", { directory: 'web' }, 'web/src/cart.test.ts'],
    ['as it is where the directory is in it', { directory: 'web', file: 'web/a.ts' }, 'web/a.ts'],
    ['as written in another way', { directory: './web/', file: './src//a.ts' }, 'web/src/a.ts'],
    ["below the context, of a step in the build's own image", { start: 'shop' }, 'shop/src/cart.test.ts'],
    ['beside the directory', { directory: 'web', file: '../lib/a.ts' }, 'lib/a.ts'],
    ['not at all outside of it', { directory: 'web', file: '../../etc/passwd' }, undefined],
    ['not at all in a folder of the image', { file: '/usr/lib/a.py' }, undefined],
    ['not at all without a line', { line: null }, undefined],
    ['not at all at line 0', { line: 0 }, undefined],
  ])('%s', (_how, more, wanted) => {
    expect(pathOf(more)).toBe(wanted);
  });
});
