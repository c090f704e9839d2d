import { expect, test } from 'vitest';
import * as formats from '../../../src/pipeline/grammar/formats.ts';
import type { Format } from '../../../src/pipeline/shape/scalar.ts';

const PUNCTUATION = [...' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'];
const UNITS = [...PUNCTUATION, './', '../', '-.', '$}', 'a', '0', 'a.', 'a-', 'a/', '0 ', '0,'];
/** The shorter first: what takes the square of its length is found in seconds. */
const LENGTHS = [64 * 1024, 1024 * 1024];

const FORMATS: readonly (readonly [string, Format<unknown>])[] = Object.entries({
  ...formats,
  duration: formats.duration('1s', '1d'),
}).flatMap(([name, value]) =>
  typeof value === 'object' && 'parse' in value ? [[name, value] as const] : [],
);

test.each(LENGTHS)('no format takes long for a run of %i characters', (length) => {
  expect(FORMATS.length).toBeGreaterThan(40);
  for (const unit of UNITS) {
    const run = unit.repeat(length / unit.length);
    for (const text of [`${run}x`, `x${run}`])
      for (const [name, format] of FORMATS) {
        const before = process.cpuUsage();
        format.parse(text);
        const { user, system } = process.cpuUsage(before);
        expect((user + system) / 1_000, `${name}, of ${unit}`).toBeLessThan(1_000);
      }
  }
});
