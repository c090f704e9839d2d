import { describe, expect, it } from 'vitest';
import { parseLine, plainText, PLAIN, type Style } from '../../../src/core/ansi.ts';

const ESC = '\u001b';
const styled = (change: Partial<Style>): Style => ({ ...PLAIN, ...change });

describe('parseLine', () => {
  it('gives a line without sequences back as one plain span', () => {
    expect(parseLine('hello')).toEqual([{ text: 'hello', style: PLAIN }]);
  });

  const golden: readonly [title: string, line: string, spans: readonly [string, Partial<Style>][]][] = [
    [
      'vitest: a passed file',
      ` ${ESC}[32m✓${ESC}[39m test/a.test.ts ${ESC}[2m(${ESC}[22m${ESC}[2m3 tests${ESC}[22m${ESC}[2m)${ESC}[22m`,
      [
        [' ', {}],
        ['✓', { foreground: 2 }],
        [' test/a.test.ts ', {}],
        ['(', { dim: true }],
        ['3 tests', { dim: true }],
        [')', { dim: true }],
      ],
    ],
    [
      'npm: an error label',
      `npm ${ESC}[31merror${ESC}[39m code E404`,
      [
        ['npm ', {}],
        ['error', { foreground: 1 }],
        [' code E404', {}],
      ],
    ],
    ['git diff: bold head', `${ESC}[1mdiff --git a/x b/x${ESC}[m`, [['diff --git a/x b/x', { bold: true }]]],
    [
      'gcc: bold bright colour',
      `${ESC}[01;31m${ESC}[Kerror: ${ESC}[m${ESC}[Kboom`,
      [
        ['error: ', { bold: true, foreground: 1 }],
        ['boom', {}],
      ],
    ],
    [
      '256 colours from the cube',
      `${ESC}[38;5;208mwarm${ESC}[0m`,
      [['warm', { foreground: 'rgb(255 135 0)' }]],
    ],
    ['256 colours, grey', `${ESC}[48;5;240mx`, [['x', { background: 'rgb(88 88 88)' }]]],
    ['direct colour', `${ESC}[38;2;1;2;3mx`, [['x', { foreground: 'rgb(1 2 3)' }]]],
    ['direct colour with colons', `${ESC}[38:2::1:2:3mx`, [['x', { foreground: 'rgb(1 2 3)' }]]],
    [
      'a curly underline is an underline',
      `${ESC}[4:3mx${ESC}[4:0my`,
      [
        ['x', { underline: true }],
        ['y', {}],
      ],
    ],
    ['bright background and inverse', `${ESC}[7;101mx`, [['x', { inverse: true, background: 9 }]]],
  ];
  it.each(golden)('%s', (_title, line, spans) => {
    expect(parseLine(line)).toEqual(spans.map(([text, change]) => ({ text, style: styled(change) })));
  });

  it('shows the last state of a progress bar that overwrites itself', () => {
    expect(plainText('10%\r50%\r100%')).toBe('100%');
    expect(plainText('downloading\rdone')).toBe('doneloading');
    expect(plainText(`downloading\r${ESC}[Kdone`)).toBe('done');
  });

  it('keeps the colour of each overwritten part', () => {
    expect(parseLine(`aaaa\r${ESC}[31mbb`)).toEqual([
      { text: 'bb', style: styled({ foreground: 1 }) },
      { text: 'aa', style: PLAIN },
    ]);
  });

  it('treats the carriage return of a CRLF as part of the line end', () => {
    expect(plainText('windows\r')).toBe('windows');
  });

  it('drops cursor moves, titles, links and single controls', () => {
    expect(
      plainText(`${ESC}[2J${ESC}]0;title\u0007a${ESC}[?25lb${ESC}]8;;http://x${ESC}\\c\u0000${ESC}(Bd`),
    ).toBe('abcd');
  });

  it('does not build a wide line for a far column', () => {
    expect(plainText(`${ESC}[999999999Gx`).length).toBeLessThanOrEqual(10_001);
  });
});
