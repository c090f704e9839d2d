import { expect, it } from 'vitest';
import { neededFeatures } from '../../../src/core/worker-feature.ts';
import { lint, planOf } from './support.ts';

it('an image that the registry is asked for needs a worker that asks', () => {
  const text = (pull: string) =>
    `services: { db: { image: "a:1" } }\nsteps: { s: { image: "b:1", commands: x${pull} } }`;
  const plain = planOf(text(''));
  expect([plain.steps[0]?.pull, plain.services[0]?.pull]).toEqual([undefined, undefined]);
  expect(planOf(text(', pull: false'))).toEqual(plain);
  expect(neededFeatures(plain)).toEqual([]);
  const asks = planOf(text(', pull: true'));
  expect(asks.steps[0]?.pull).toBe(true);
  expect(neededFeatures(asks)).toEqual(['pull']);
  const ofService = planOf('services: { db: { image: "a:1", pull: true } }\nimage: {}');
  expect([ofService.services[0]?.pull, neededFeatures(ofService)]).toEqual([true, ['pull']]);
  expect(lint(text(', pull: always'))).toContain('2:48 value_wrong');
});
