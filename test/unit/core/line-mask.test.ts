import { describe, expect, it } from 'vitest';
import { createLineMask } from '../../../src/core/line-mask.ts';
import { secretsIn } from '../../support/secret-forms.ts';

const SECRETS = { odd: `p@ss/w+rd "it's" $HOME é`, key: '-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----\n' };

describe('a line of a log', () => {
  it('has no secret, as JSON, an address and the head of a request write it, and is JSON still', () => {
    const mask = createLineMask();
    mask.add(Object.values(SECRETS));
    for (const value of Object.values(SECRETS))
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]) {
        const line = mask.mask(JSON.stringify({ level: 40, err: { message: `said ${form}, and ended` } }));
        expect(secretsIn(SECRETS, line)).toEqual([]);
        expect(JSON.parse(line)).toMatchObject({
          level: 40,
          err: { message: expect.stringMatching(/^said \*{8}=*, and ended$/) as string },
        });
      }
  });

  it('loses a longer secret as a whole where a shorter one is in it', () => {
    const mask = createLineMask();
    mask.add(['sesame', 'open-sesame-now']);
    expect(mask.mask('open-sesame-now, sesame')).toBe('********, ********');
  });

  it('keeps what is too short to be told from other words', () => {
    const mask = createLineMask();
    mask.add(['', 'main']);
    expect(mask.mask('{"branch":"main"}')).toBe('{"branch":"main"}');
  });

  it('is searched for the thousand secrets that came last', () => {
    const mask = createLineMask();
    mask.add(['secret-again', 'secret-first']);
    for (let n = 0; n < 999; n++) mask.add([`secret-${n}-`, 'secret-again']);
    expect(mask.mask('secret-first secret-again secret-998-')).toBe('secret-first ******** ********');
  });
});
