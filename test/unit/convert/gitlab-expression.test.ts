import { expect, it } from 'vitest';
import { translate } from '../../../src/convert/gitlab/expression.ts';
import { evaluateExpression } from '../../../src/pipeline/expression/evaluate-expression.ts';
import { parseExpression } from '../../../src/pipeline/expression/parse-expression.ts';

/** Variables of ours in a build of each event. */
const BUILDS: readonly Readonly<Record<string, string>>[] = [
  { CI_PIPELINE_EVENT: 'push', CI_COMMIT_BRANCH: 'main' },
  { CI_PIPELINE_EVENT: 'tag', CI_COMMIT_TAG: 'v1.2' },
  { CI_PIPELINE_EVENT: 'pull_request', CI_COMMIT_BRANCH: 'main', CI_COMMIT_SOURCE_BRANCH: 'topic' },
];

/** The events in which a rule’s `if` holds. */
function eventsOf(condition: string): readonly string[] {
  const { expression } = parseExpression(translate(condition, new Map()) ?? '');
  if (expression === null) throw new Error(`${condition} cannot be said`);
  return BUILDS.filter((build) =>
    evaluateExpression(expression, (name) => build[name] ?? '', { left: 10_000 }),
  ).map((build) => build['CI_PIPELINE_EVENT'] ?? '');
}

it.each([
  ['$CI_COMMIT_REF_NAME == "main"', ['push']],
  ['$CI_COMMIT_REF_NAME == "v1.2"', ['tag']],
  ['$CI_COMMIT_REF_NAME =~ /^(v|top)/', ['tag', 'pull_request']],
  ['$CI_COMMIT_REF_NAME != "main"', ['tag', 'pull_request']],
  ['$CI_COMMIT_REF_NAME !~ /^v/', ['push', 'pull_request']],
  ['$CI_COMMIT_REF_NAME', ['push', 'tag', 'pull_request']],
  ['$CI_COMMIT_REF_NAME == $CI_COMMIT_TAG', ['tag']],
  ['$CI_COMMIT_BRANCH == "main"', ['push']],
])('a rule of %s holds for the refs for which it holds there: %s', (condition, events) => {
  expect(eventsOf(condition)).toEqual(events);
});
