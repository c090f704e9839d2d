import { expect, test } from 'vitest';
import { fuzzSecrets } from '../../../experiments/secrets/fuzz.ts';

/* The short form of `npm run fuzz`. */
test('no secret can be read from a redacted text, in any encoding, and nothing beside it is masked', () => {
  expect(fuzzSecrets(30_000, 4)).toEqual([]);
});
