import { expect, it } from 'vitest';
import { parseLine } from '../../../../src/core/ansi.ts';
import { markWanted } from '../../../../web/log/render-line.ts';

function marked(line: string, wanted: string): string {
  return markWanted(parseLine(line), wanted)
    .map(({ text, isWanted }) => (isWanted ? `[${text}]` : text))
    .join('|');
}

it('cuts the spans of a line where the wanted text begins and ends', () => {
  expect(marked('an error and an ERROR', 'error')).toBe('an |[error]| and an |[ERROR]');
  expect(marked('one \u001b[31mer\u001b[32mror\u001b[0ms', 'error')).toBe('one |[er]|[ror]|s');
  expect(marked('aaaa', 'aa')).toBe('[aa]|[aa]');
  expect(marked('aXa', 'a')).toBe('[a]|X|[a]');
  expect(marked('nothing', 'error')).toBe('nothing');
  expect(marked('nothing', '')).toBe('nothing');
  expect(marked('', 'x')).toBe('');
  expect(marked('İstanbul i', 'i')).toBe('İstanbul |[i]');
});
