import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needlesOf, wrappedNeedlesOf } from '../../../../src/core/needles.ts';
import { MASK, Redactor } from '../../../../worker/logs/redactor.ts';

function redact(secrets: readonly string[], pieces: readonly Uint8Array[]): Buffer {
  const redactor = new Redactor(secrets);
  return Buffer.concat([...pieces.map((piece) => Buffer.from(redactor.push(piece))), redactor.end()]);
}

/** The rule, without streaming: mark every byte of every occurrence, then mask each marked run. */
function reference(secrets: readonly string[], text: Buffer): Buffer {
  const marked = new Uint8Array(text.length);
  for (const needle of secrets.flatMap(needlesOf))
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
      marked.fill(1, at, at + needle.length);
  for (const [from, to] of wrappedIn(secrets, text)) marked.fill(1, from, to);
  let masked = '';
  marked.forEach((mark, at) => {
    if (mark === 0) masked += String.fromCharCode(text[at] ?? 0);
    else if (at === 0 || marked[at - 1] === 0) masked += MASK;
  });
  return Buffer.from(masked, 'latin1');
}

/** Places of base64 that is broken into lines, none of them empty; less than four letters before the first break stay. */
function wrappedIn(secrets: readonly string[], text: Buffer): readonly (readonly [number, number])[] {
  const places = [...text.keys()].filter((at) => !'\r\n'.includes(String.fromCharCode(text[at] ?? 0)));
  const dense = Buffer.from(places.map((at) => text[at] ?? 0));
  const found: (readonly [number, number])[] = [];
  for (const needle of secrets.flatMap(wrappedNeedlesOf))
    for (let at = dense.indexOf(needle); at >= 0; at = dense.indexOf(needle, at + 1)) {
      const own = places.slice(at, at + needle.length);
      const between = own.slice(1).map((place, n) => text.toString('latin1', (own[n] ?? 0) + 1, place));
      if (between.some((eol) => !['', '\n', '\r', '\r\n'].includes(eol))) continue;
      const breakAt = own.findIndex((place, n) => n > 0 && place !== (own[n - 1] ?? 0) + 1);
      const from = breakAt > 0 && breakAt < 4 ? own[breakAt] : own[0];
      found.push([from ?? 0, (own.at(-1) ?? 0) + 1]);
    }
  return found;
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, n) => bytes.subarray(from, places[n]));
}

describe('the redactor', () => {
  it('masks exactly what the rule says, however the bytes are cut', () => {
    const secret = fc.oneof(
      fc.stringMatching(/^[ab]{4,7}$/),
      fc.string({ minLength: 4, maxLength: 12 }),
      fc.constantFrom('aaaa', 'abab', "it's $5 & more", 'k1\nlong line of a key\n}\n', 'pässwörd😀'),
    );
    const noise = fc.oneof(fc.stringMatching(/^[ab\n]{0,6}$/), fc.string({ maxLength: 4 }));
    const example = fc.array(secret, { minLength: 1, maxLength: 5 }).chain((secrets) => {
      const needles = secrets.flatMap(needlesOf).map((needle) => needle.toString('latin1'));
      const wrapped = secrets.flatMap(wrappedNeedlesOf).map((needle) => needle.toString('latin1'));
      const part = fc.oneof(
        fc.constantFrom('', ...needles),
        fc.constantFrom('', ...needles).map((n) => n.slice(0, -1)),
        fc
          .tuple(fc.constantFrom('', ...wrapped), fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }))
          .map(([n, breaks]) =>
            breaks.reduce((text, at) => `${text.slice(0, at)}${at % 3 ? '\n' : '\r\n'}${text.slice(at)}`, n),
          ),
        noise,
      );
      return fc.record({
        secrets: fc.constant(secrets),
        text: fc.array(part, { maxLength: 8 }).map((parts) => Buffer.from(parts.join(''), 'latin1')),
        cuts: fc.array(fc.nat(1_000), { maxLength: 12 }),
      });
    });
    fc.assert(
      fc.property(example, ({ secrets, text, cuts }) => {
        expect(redact(secrets, cut(text, cuts)).toString('latin1')).toBe(
          reference(secrets, text).toString('latin1'),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('masks the whole of a secret whose last byte may begin a longer one, with a third one behind', () => {
    const [first, longer, third] = ['ababa', 'a-long-key-that-goes-on-and-on', 'long-key'];
    const text = Buffer.from(`abab${longer}`);
    for (let at = 0; at <= text.length; at++)
      expect(
        redact([first, longer, third], [text.subarray(0, at), text.subarray(at)]).toString(),
        `cut at ${at}`,
      ).toBe(MASK);
  });

  it('masks a secret that comes one byte at a time', () => {
    const text = Buffer.from('token=hunter2-and-more;');
    expect(redact(['hunter2-and-more'], cut(text, [...text.keys()])).toString()).toBe(`token=${MASK};`);
  });

  it('holds back nothing but what may be the beginning of a secret', () => {
    const redactor = new Redactor(['supersecret']);
    expect(redactor.push(Buffer.from('a prompt> ')).toString()).toBe('a prompt> ');
    expect(redactor.push(Buffer.from('so sup')).toString()).toBe('so ');
    expect(redactor.push(Buffer.from('per')).toString()).toBe('supper');
    expect(redactor.push(Buffer.from(' supersecret')).toString()).toBe(` ${MASK}`);
    expect(redactor.push(Buffer.from('s')).toString()).toBe('');
    expect(redactor.end().toString()).toBe('s');
  });

  it('gives out a masked end at once, although the same secret could begin in it again', () => {
    expect(new Redactor(['abcab']).push(Buffer.from('abcab')).toString()).toBe(MASK);
  });

  it('never changes the buffer that it was given', () => {
    const bytes = Buffer.from('keep hunter2 whole');
    new Redactor(['hunter2']).push(bytes);
    expect(bytes.toString()).toBe('keep hunter2 whole');
  });

  it('passes everything on when there are no secrets', () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    expect(redact([], cut(bytes, [2, 3]))).toEqual(bytes);
  });
});

describe('what gives a secret away', () => {
  const secret = `p@ss/w+rd "it's" $HOME é\t€`;
  const forms: Record<string, string> = {
    'as it is': secret,
    'in base64 of its own': Buffer.from(secret).toString('base64'),
    'in JSON': JSON.stringify(secret),
    'in JSON by PHP': JSON.stringify(secret).replaceAll('/', '\\/'),
    'in JSON by Python': `"p@ss/w+rd \\"it's\\" $HOME \\u00e9\\t\\u20ac"`,
    'percent-encoded': encodeURIComponent(secret),
    'percent-encoded in lower case': encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    'in a form': new URLSearchParams({ s: secret }).toString().slice(2),
    'in single quotes': `'p@ss/w+rd "it'\\''s" $HOME é\t€'`,
    'in single quotes by Python': `'p@ss/w+rd "it'"'"'s" $HOME é\t€'`,
    'in double quotes': `"p@ss/w+rd \\"it's\\" \\$HOME é\t€"`,
    'with backslashes': `p@ss/w+rd\\ \\"it\\'s\\"\\ \\$HOME\\ \\é\\\t\\€`,
    'as bash escapes controls': `p@ss/w+rd "it\\'s" $HOME é\\t€`,
    'as bash does without UTF-8': String.raw`p@ss/w+rd "it\'s" $HOME \303\251\t\342\202\254`,
  };

  it.each(Object.entries(forms))('is masked %s', (_, form) => {
    const masked = redact([secret], [Buffer.from(`before ${form} after`)]).toString();
    expect(masked).toMatch(/^before ["']?\*{8}[A-Za-z0-9=]{0,3}["']? after$/);
  });

  it.each([
    [`'hunter'"''"'2pass'`, 'dash and busybox'],
    [String.raw`'hunter'\'\''2pass'`, 'zsh'],
    [String.raw`'hunter'\'''\''2pass'`, 'bash'],
  ])('is masked where it has two quotes beside each other: %s, as %s', (form) => {
    expect(redact(["hunter''2pass"], [Buffer.from(form)]).toString()).toBe(`'${MASK}'`);
  });

  it.each([0, 1, 2, 3])('is masked in base64 of a text that has it after %i bytes', (before) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${'u'.repeat(before)}${secret}:and more`).toString(encoding);
      const masked = redact([secret], [Buffer.from(text)]).toString();
      // At each border one character shares its bits with the neighbour.
      expect(masked).toContain(MASK);
      const shown = masked.replace(MASK, '').length;
      expect(shown).toBeLessThanOrEqual(
        Math.ceil((before * 8) / 6) + Math.ceil((':and more'.length * 8) / 6) + 4,
      );
    }
  });

  it.each([64, 76])('is masked in base64 wrapped at %i columns', (width) => {
    const long = Array.from({ length: 200 }, (_, n) => String.fromCharCode(33 + ((n * 7) % 90))).join('');
    const wrapped = Buffer.from(long)
      .toString('base64')
      .replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
    const masked = redact([long], [Buffer.from(wrapped)]).toString();
    expect(masked.split('\n').filter((line) => line !== '' && !line.startsWith(MASK))).toEqual([]);
  });

  it.each([57, 60, 64, 76])('is masked in base64 of a longer text, in lines of %i', (width) => {
    const token = `github_pat_${'11ABCDEFG0aBcDeFgHiJkL_qWeRtZuIoPaSdFgHjKlYxCvBnM'.repeat(2).slice(0, 82)}`;
    for (let before = 0; before < 80; before++)
      for (const eol of ['\n', '\r\n']) {
        const text = Buffer.from(`${'u'.repeat(before)}${token}:and more`).toString('base64');
        const lines = text.replace(new RegExp(`.{${width}}(?=.)`, 'g'), `$&${eol}`);
        const shown = redact([token], cut(Buffer.from(lines), [before, before + 9, before + 70])).toString();
        const [head = '', tail = '', ...more] = shown.split(MASK);
        expect(more, `${width} ${before}`).toEqual([]);
        const letters = `${head}${tail}`.replaceAll(/[\r\n]/g, '').length;
        // A letter at each border, and up to three before a break.
        expect(letters).toBeLessThanOrEqual(text.length - Math.floor((token.length * 8) / 6) + 2 + 3);
      }
  });

  it('is not waited for at the end of a line that has a few letters of its base64', () => {
    const redactor = new Redactor([secret]);
    const begin = Buffer.from(secret).toString('base64').slice(0, 3);
    expect(redactor.push(Buffer.from(`ends with ${begin}\n`)).toString()).toBe(`ends with ${begin}\n`);
  });

  it('is waited for over one end of a line, not over empty lines', () => {
    const redactor = new Redactor([secret]);
    const begin = Buffer.from(secret).toString('base64').slice(0, 9);
    expect(redactor.push(Buffer.from(`ends with ${begin}\r\n`)).toString()).toBe('ends with ');
    expect(redactor.push(Buffer.from('\r\n')).toString()).toBe(`${begin}\r\n\r\n`);
  });

  const key = '{\n  "type": "service",\n  "key": "abcdefghijkl"\n}\n';

  it('is masked as a whole and by its long lines, while its braces are left alone', () => {
    expect(redact([key], [Buffer.from(key)]).toString()).toBe(`${MASK}\n`);
    expect(redact([key], [Buffer.from(key.replaceAll('\n', '\r\n'))]).toString()).toBe(`${MASK}\r\n`);
    expect(redact([key], [Buffer.from('got "key": "abcdefghijkl"; f() {\n}\n')]).toString()).toBe(
      `got ${MASK}; f() {\n}\n`,
    );
  });

  it('is masked without the newline that its file ended with', () => {
    expect(redact(['from-a-file\n'], [Buffer.from('x=from-a-file;')]).toString()).toBe(`x=${MASK};`);
  });

  it('is nothing for a value under 4 bytes', () => {
    expect(needlesOf('abc')).toEqual([]);
    expect(needlesOf('a\n')).toEqual([]);
  });
});
