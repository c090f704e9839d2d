import { expect, test } from 'vitest';
import * as images from '../../../src/pipeline/format/images.ts';
import * as names from '../../../src/pipeline/format/names.ts';
import * as numbers from '../../../src/pipeline/format/numbers.ts';
import * as paths from '../../../src/pipeline/format/paths.ts';
import * as text from '../../../src/pipeline/format/text.ts';
import * as times from '../../../src/pipeline/format/times.ts';
import * as volumes from '../../../src/pipeline/format/volumes.ts';
import type { Format } from '../../../src/pipeline/shape/scalar.ts';

const PUNCTUATION = [...' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'];
const UNITS = [...PUNCTUATION, './', '../', '-.', '$}', 'a', '0', 'a.', 'a-', 'a/', '0 ', '0,'];
/** The shorter first: what takes the square of its length is found in seconds. */
const LENGTHS = [64 * 1024, 1024 * 1024];

const FORMATS: readonly (readonly [string, Format<unknown>])[] = Object.entries({
  ...{ ...images, ...names, ...numbers, ...paths, ...text, ...times, ...volumes },
  duration: times.duration('1s', '1d'),
}).flatMap(([name, value]) =>
  typeof value === 'object' && 'parse' in value ? [[name, value] as const] : [],
);

test.each(LENGTHS)('no format takes long for a run of %i characters', (length) => {
  expect(FORMATS.length).toBeGreaterThan(40);
  for (const unit of UNITS) {
    const run = unit.repeat(length / unit.length);
    for (const tried of [`${run}x`, `x${run}`])
      for (const [name, format] of FORMATS) {
        const before = process.cpuUsage();
        format.parse(tried);
        const { user, system } = process.cpuUsage(before);
        expect((user + system) / 1_000, `${name}, of ${unit}`).toBeLessThan(1_000);
      }
  }
});

test.each([
  ['1h', '3650d', ['1h30m', '2d', '30d']],
  ['1s', '1h', ['30s', '10m']],
  ['1s', '7d', ['30s', '10m', '1h30m']],
])('examples of a duration from %s to %s are within it', (least, most, examples) => {
  const format = times.duration(least, most);
  expect(format.phrase.match(/(?<=`)\w+(?=`)/g)).toEqual(examples);
  for (const one of examples) expect(format.parse(one)).not.toBeNull();
});
