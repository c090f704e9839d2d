import { describe, expect, test } from 'vitest';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { isTag, repositoryOf, slugOf } from '../../../src/pipeline/slug.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const { commit } = EVENTS.push;
const tagsOf = (tags: string, event: (typeof EVENTS)[keyof typeof EVENTS] = EVENTS.push) =>
  planOf(`push: { tags: ${tags}, when: { event: [push, tag, manual, pull_request] } }`, event).push?.tags;

describe('tags', () => {
  test('take variables, whole or in part', () => {
    expect(tagsOf('["${CI_COMMIT_SHA}", "b${CI_PIPELINE_NUMBER}", "${CI_COMMIT_SHA:0:8}"]')).toEqual([
      commit,
      'b4',
      '01234567',
    ]);
    expect(tagsOf('"${CI_COMMIT_BRANCH_SLUG}-${CI_PIPELINE_NUMBER}"', EVENTS.feature)).toEqual([
      'feature-cart_2-4',
    ]);
  });

  test('of a pull request carry its source branch, never the target, which is somebody else’s tag', () => {
    expect(tagsOf('"${CI_COMMIT_BRANCH_SLUG}"', EVENTS.pull)).toEqual(['feature-cart']);
  });

  test('that need what the event does not have are left out, with a warning', () => {
    const text = 'push: { tags: ["${CI_COMMIT_SHA}", "${CI_COMMIT_TAG}"] }';
    expect(planOf(text, EVENTS.tag).push?.tags).toEqual([commit, 'v1.2.3']);
    const { plan, warnings } = planPipeline(inputOf(text, EVENTS.push));
    expect(plan?.workflows[0]?.plan.push?.tags).toEqual([commit]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'The tag `${CI_COMMIT_TAG}` is left out: a push has no CI_COMMIT_TAG.',
    ]);
  });

  test('that turn out invalid stop the build, naming what came out', () => {
    const outcome = planPipeline(inputOf('push: { tags: "${CI_COMMIT_BRANCH}" }', EVENTS.feature));
    expect(outcome.problems.map(({ message }) => message)).toEqual([
      '`feature/Cart_2` is not a tag (from `${CI_COMMIT_BRANCH}`).',
    ]);
    expect(tagsOf('"${CI_COMMIT_BRANCH}"')).toEqual(['main']);
  });

  test('are each set once', () =>
    expect(tagsOf('["${CI_COMMIT_SHA}", "${CI_COMMIT_SHA}"]')).toEqual([commit]));

  test.each(['$CI_COMMIT_SHA', '$${CI_COMMIT_SHA}', '-a', '.a', 'a b', 'a:b', 'x'.repeat(129)])(
    'are not %j',
    (tag) => expect(lint(`push: { tags: ${JSON.stringify(tag)} }`)).toEqual(['1:15 tag_wrong']),
  );
});

test.each(['${CI_COMMIT_SHA', '${}', '${CI_COMMIT_SHA@Q}', '${!CI_COMMIT_SHA}'])('%j cannot be read', (tag) =>
  expect(lint(`push: { tags: "${tag}" }`)).toEqual(['1:15 substitution_wrong']),
);

test.each([
  ['${CI_COMMIT_SHA:8:4}', '89ab'],
  ['${CI_COMMIT_TAG:-edge}', 'edge'],
  ['${CI_COMMIT_BRANCH//[!a-z0-9]/-}', 'main'],
  ['${CI_COMMIT_TAG:+release-}${CI_COMMIT_BRANCH^^}', 'MAIN'],
])('the tag %s becomes %s', (tag, expected) => expect(tagsOf(`"${tag}"`)).toEqual([expected]));

describe('the repository', () => {
  test('is the path of the project in a form that registries take', () => {
    expect(planOf('push: {}').push?.repository).toBe('shop/web');
    expect(['Shop/Web', 'a//b', 'a/_b.', 'Ä/ü', '', 'a__b..c'].map(repositoryOf)).toEqual([
      'shop/web',
      'a/b',
      'a/b',
      'project',
      'project',
      'a-b-c',
    ]);
  });

  test.each([
    'shop/web',
    'registry.example.com/a',
    'registry.example.com:5000/a/b',
    'localhost/a',
    'a-b/c_d/e.f',
  ])('may be %s', (name) => expect(planOf(`push: { repository: "${name}" }`).push?.repository).toBe(name));

  test.each(['Shop/Web', 'shop/web:1', 'a@sha256:x', 'https://a/b', '/a', 'a/', '${CI_REPO}'])(
    'may not be %s',
    (name) => expect(lint(`push: { repository: "${name}" }`)).toEqual(['1:21 value_wrong']),
  );

  test('gets the image by digest alone where an event deploys and does not push', () => {
    const deploy = 'deploy: { environment: live, port: 80, host: a.example.com }';
    expect(planOf(deploy).push).toEqual({ repository: 'shop/web', tags: [] });
    expect(planOf(`push: { repository: x/y, when: { event: tag } }\n${deploy}`).push).toEqual({
      repository: 'x/y',
      tags: [],
    });
    expect(planOf(deploy, EVENTS.pull).push).toBeNull();
  });
});

test('a slug of any branch is a valid tag, short and never empty', () => {
  for (const name of [
    'main',
    'Feature/Cart',
    '日本',
    '-/-',
    '..',
    'a'.repeat(300),
    'a/'.repeat(40),
    '_x',
    '\u0000',
  ])
    expect(isTag(slugOf(name)), slugOf(name)).toBe(true);
  expect(slugOf('release/1.2')).toBe('release-1.2');
  expect(slugOf('日本')).not.toBe(slugOf('中国'));
});
