import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

/** `<message> <fix>` of each image that is missing. */
function missing(text: string, hasDockerfile: boolean): readonly string[] {
  return lintPipeline(text, 'slipway.yml', { hasDockerfile })
    .filter(({ code }) => code === 'image_missing')
    .map(({ message, fix }) => `${message} ${fix}`);
}

const STEP = 'steps: { a: { commands: x } }';

it('what helps depends on why there is no image', () => {
  const needs = 'The step `a` needs an image, and this file builds none.';
  expect(missing(STEP, false)).toEqual([
    `${needs} Add \`image:\` to the file or a Dockerfile to the repository, or name an \`image\` in the step.`,
  ]);
  expect(missing(`image: none\n${STEP}`, true)).toEqual([
    `${needs} Remove \`image: none\`, or name an \`image\` in the step.`,
  ]);
  expect(missing(`image: none\n${STEP}`, false)).toEqual([
    `${needs} Write what to build instead of \`image: none\`, or name an \`image\` in the step.`,
  ]);
  expect(missing(`skip_clone: true\n${STEP}`, true)).toEqual([
    `${needs} Remove \`skip_clone\`, with which there is nothing to build from, or name an \`image\` in the step.`,
  ]);
  expect(missing(`skip_clone: true\n${STEP}`, false)).toEqual([
    `${needs} Remove \`skip_clone\`, with which there is nothing to build from, and add a Dockerfile to the repository, or name an \`image\` in the step.`,
  ]);
  expect(missing('image: none\npush: {}', true)).toEqual([
    '`push` needs an image, and this file builds none. Remove `image: none`.',
  ]);
});

it('what has no right name is not called by it', () => {
  const deploy = 'deploy: { environment: "a b/", port: 80, host: a.example.com }';
  expect(missing(deploy, false).map((text) => text.split(',')[0])).toEqual(['A deployment needs an image']);
  expect(missing('steps: [{ name: "a\\tb", commands: x }]', false).join()).not.toContain('``');
});
