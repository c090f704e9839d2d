import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

/** `<column> <code>` of each problem of the expression, columns counted from its begin. */
function problemsOf(expression: string): readonly string[] {
  const before = 'when: { evaluate: ';
  return lintPipeline(`image: {}\n${before}${expression} }`, 'slipway.yml').map(
    ({ column, code }) => `${column - before.length - 1} ${code}`,
  );
}

it.each<[string, readonly string[]]>([
  ['CI_REPOS == "a" && CI_BRANCHES == "b"', ['0 expression_name', '19 expression_name']],
  ['lowr(CI_REPO) == "a" && uper(CI_REPO) == "b"', ['0 expression_wrong', '24 expression_wrong']],
  ['lowr(CI_REPOS) == "a"', ['0 expression_wrong', '5 expression_name']],
  ['CI_REPO == 1 || CI_BRANCHES == 2', ['11 expression_wrong', '16 expression_name', '31 expression_wrong']],
  ['CI_REPO in "a" || CI_REPO in "b"', ['11 expression_wrong', '29 expression_wrong']],
  ['CI_REPO && (CI_REPO matches CI_COMMIT_SHA)', ['0 expression_wrong', '28 expression_wrong']],
  ['CI_REPO == nil && CI_COMMIT_SHA == null', ['11 expression_wrong', '35 expression_wrong']],
  ['len(CI_REPO, CI_REPOS) > "a"', ['0 expression_wrong', '13 expression_name', '25 expression_wrong']],
  ['"${CI_REPO}" == "a" && "$CI_COMMIT_SHA" != ""', ['1 expression_wrong', '24 expression_wrong']],
  ['lowr(CI_REPO) && CI_REPO matches "("', ['0 expression_wrong', '33 expression_wrong']],
  ['[lowr(CI_REPO), 1] == CI_REPO', ['1 expression_wrong', '16 expression_wrong', '22 expression_wrong']],
  ['(true ? lowr("") : uper("")) == 7', ['8 expression_wrong', '19 expression_wrong']],
  ['CI_REPO == "a" CI_REPOS == "b"', ['15 expression_wrong', '15 expression_name']],
])('lint names every problem of %s', (expression, expected) => {
  expect(
    problemsOf(`'${expression}'`).map((one) => one.replace(/^\d+/, (at) => `${Number(at) - 1}`)),
  ).toEqual(expected);
});

it('what is wrong is no cause for more: of what cannot be told no type is asked', () => {
  expect(problemsOf('lowr(CI_REPO)')).toEqual(['0 expression_wrong']);
  expect(problemsOf('lowr(CI_REPO) + 1')).toHaveLength(1);
  expect(problemsOf('len(lowr(CI_REPO)) > 2')).toEqual(['4 expression_wrong']);
  expect(problemsOf('"!lowr(CI_REPO)"')).toEqual(['2 expression_wrong']);
});
