import { expect, it } from 'vitest';
import { lint, planOf } from './support.ts';

const STEP = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';

it('`image: none` builds nothing, also where there is a Dockerfile', () => {
  expect(planOf(STEP).image).not.toBeNull();
  expect(planOf(`image: none\n${STEP}`).image).toBeNull();
  expect(lint(`image: none\n${STEP}`)).toEqual([]);
});

it.each([
  ['steps: { a: { commands: x } }', '2:10 image_missing'],
  ['push: {}', '1:1 image_missing'],
  ['services: {}', '1:1 pipeline_idle'],
])('with it, %s has no image', (rest, problem) => {
  expect(lint(`image: none\n${rest}`)).toEqual([problem]);
});
