import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { lint, planOf } from './support.ts';

const STEP = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';

it('`skip_clone` is in the plan only where it is true', () => {
  expect(planOf(`skip_clone: true\n${STEP}`).skipClone).toBe(true);
  expect(planOf(`skip_clone: "true"\n${STEP}`).skipClone).toBe(true);
  expect(planOf(`skip_clone: false\n${STEP}`)).toEqual(planOf(STEP));
});

it('without the files of the commit no Dockerfile is built', () => {
  expect(planOf(STEP).image).not.toBeNull();
  expect(planOf(`skip_clone: true\n${STEP}`).image).toBeNull();
  expect(lint(`image: none\nskip_clone: true\n${STEP}`)).toEqual([]);
});

it('an image that is to be built is an error that names both places', () => {
  const [problem, ...others] = lintPipeline(
    `image: { target: a }\n${STEP}\nskip_clone: true\n`,
    'slipway.yml',
  );
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ code: 'image_without_clone', line: 1, column: 8, path: 'image' });
  expect(problem?.message).toContain('line 4');
});

it.each([
  ['steps: { a: { commands: x } }', '2:10 image_missing'],
  ['push: {}', '1:1 image_missing'],
  ['services: {}', '1:1 pipeline_idle'],
])('with it, %s has no image', (rest, problem) => {
  expect(lint(`skip_clone: true\n${rest}`)).toEqual([problem]);
});

it.each([
  ['skip_clone: yes', '1:13 value_wrong'],
  ['skip_clone: []', '1:13 type_wrong'],
])('%s is refused', (text, problem) => {
  expect(lint(`${text}\n${STEP}`)).toEqual([problem]);
});
