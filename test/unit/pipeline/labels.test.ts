import { expect, it } from 'vitest';
import { lint, planOf } from './support.ts';

const STEP = 'steps: { a: { image: busybox:1.36, commands: x } }\n';

it('labels are kept as text, in one order, and are no part of a plan without them', () => {
  const one = planOf(`${STEP}labels: { rack: 7, gpu: yes, example.com/arch: linux/arm64 }`);
  expect(one.labels).toEqual({ 'example.com/arch': 'linux/arm64', gpu: 'yes', rack: '7' });
  const other = planOf(`${STEP}labels: { example.com/arch: linux/arm64, gpu: yes, rack: 7 }`);
  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  expect(planOf(STEP)).not.toHaveProperty('labels');
  expect(planOf(`${STEP}labels: {}`)).not.toHaveProperty('labels');
});

it.each([
  ['labels: { GPU: yes }', '2:11 value_wrong'],
  ['labels: { gpu: "a,b" }', '2:16 value_wrong'],
  ['labels: { gpu: "" }', '2:16 value_wrong'],
  ['labels: { gpu: [yes] }', '2:16 type_wrong'],
  ['labels: [gpu]', '2:9 type_wrong'],
])('%s is refused', (labels, problem) => {
  expect(lint(`${STEP}${labels}`)).toEqual([problem]);
});
