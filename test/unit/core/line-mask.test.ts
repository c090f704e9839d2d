import { describe, expect, it } from 'vitest';
import { createLineMask } from '../../../src/core/line-mask.ts';
import { secretsIn } from '../../support/secret-forms.ts';

const SECRETS = { odd: `p@ss/w+rd "it's" $HOME é`, key: '-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----\n' };

/** What is shown of a message that says this, in a line that is JSON still. */
function shown(secrets: readonly string[], message: string): string {
  const mask = createLineMask();
  mask.add(secrets);
  return (JSON.parse(mask.mask(JSON.stringify({ level: 40, msg: message }))) as { msg: string }).msg;
}

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
          // The last end of a line of a key is not masked.
          err: {
            message: expect.stringMatching(/^said \*{8}(?:\n|%0A|[A-Za-z0-9]{0,3}=*), and ended$/) as string,
          },
        });
      }
  });

  it('has no secret that stands in a longer text in base64, as in the head of a request', () => {
    for (const user of ['u', 'us', 'ci-user']) {
      const head = `Basic ${Buffer.from(`${user}:hunter2-and-more`).toString('base64')}`;
      expect(shown(['hunter2-and-more'], head)).toMatch(/^Basic [A-Za-z0-9]{2,12}\*{8}[A-Za-z0-9=]{0,4}$/);
    }
  });

  it('has no long line of a secret of several', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----\n';
    expect(shown([key], 'unexpected MIIEvQIBADANBgkqhkiG9w0BAQEF in line 2 of {')).toBe(
      'unexpected ******** in line 2 of {',
    );
  });

  it('has no secret as shells and JSON within it quote it', () => {
    const secret = 'hunter\'\'2 "pass" ä';
    for (const form of [
      `'hunter'"''"'2 "pass" ä'`,
      String.raw`$'hunter\'\'2 "pass" \303\244'`,
      JSON.stringify(secret),
    ])
      expect(shown([secret], `said ${form}`)).toMatch(/^said \$?['"]\*{8}['"]$/);
  });

  it('loses a longer secret as a whole where a shorter one is in it', () => {
    expect(shown(['sesame', 'open-sesame-now'], 'open-sesame-now, sesame')).toBe('********, ********');
  });

  it('has no secret of four letters, and keeps what is too short to be one', () => {
    expect(shown(['', 'abc', 'main', 'élan'], 'main, élan, abc')).toBe('********, ********, abc');
  });

  it('stays JSON where a number or an escape has the letters of a secret', () => {
    const mask = createLineMask();
    mask.add(['1234', 'name', '001b', 'x"y\\z']);
    const line = JSON.stringify({ time: 91234567, msg: '\name \u001b 1234 x"y\\z', path: 'C:\\name' });
    expect(JSON.parse(mask.mask(line))).toEqual({
      time: 91234567,
      msg: '\name \u001b ******** ********',
      path: 'C:\\********',
    });
  });

  it('is searched for thousands of secrets, also where they begin alike, and for those of the settings for ever', () => {
    const mask = createLineMask(['of-the-settings']);
    const tokens = Array.from({ length: 5_000 }, (_, n) => `github_pat_${n}-and-more`);
    mask.add(tokens);
    expect(mask.mask(JSON.stringify([tokens[0], tokens[4_999], 'of-the-settings']))).toBe(
      '["********","********","********"]',
    );
  });

  it('is searched for those that came last, as far as they take no more than a bound', () => {
    const mask = createLineMask(['of-the-settings'], 10_000);
    mask.add(['secret-again', 'secret-first']);
    for (let n = 0; n < 99; n++) mask.add([`secret-${n}-`, 'secret-again']);
    mask.add(['x'.repeat(20_000)]);
    mask.add(['secret-99-', 'secret-again']);
    expect(mask.mask('"secret-first secret-98- secret-again secret-99- of-the-settings"')).toBe(
      '"secret-first secret-98- ******** ******** ********"',
    );
  });
});
