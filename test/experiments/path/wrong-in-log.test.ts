import { expect, test } from 'vitest';
import type { LogLine } from '../../../src/core/log.ts';
import { SECRETS, writtenByApp } from './projects.ts';
import { begins, ownText, redacted, wrongInApp, wrongInLog } from './wrong-in-log.ts';

/* Each check finds what it is there for in a log that is damaged on purpose. */

const line = (text: string, number: number): LogLine => ({ number, timeMs: 7, stream: 'stdout', text });
const lines = (...texts: string[]): readonly LogLine[] => texts.map(line);

/** A log with these lines, sound in every way. */
function log(range: readonly LogLine[]) {
  const raw = range.map(({ text }) => `${text}\n`).join('');
  const view = { range, lines: range.length, bytes: Buffer.byteLength(raw), sealed: true };
  return { view, raw, shown: range };
}
const sound = log(lines('one', 'two', 'three'));

test('nothing is wrong with a sound log, nor with one that was shown as far as it was written', () => {
  expect(wrongInLog(sound)).toEqual([]);
  for (const shown of [[], lines('o'), lines('one'), lines('one', 'two', 'th')])
    expect(wrongInLog({ ...sound, shown })).toEqual([]);
});

test('a gap, a missing end, other bytes in the download and a secret are found', () => {
  const { view } = sound;
  const [one, , three] = view.range;
  expect(wrongInLog({ ...sound, view: { ...view, sealed: false } })).toEqual(['has no end']);
  expect(wrongInLog({ ...sound, shown: [], view: { ...view, range: [one!, three!] } })).toContain(
    'has a gap',
  );
  expect(wrongInLog({ ...sound, view: { ...view, lines: 4 } })).toEqual(['has a gap']);
  expect(wrongInLog({ ...sound, raw: 'one\ntwo\nthere\n' })).toEqual(['is not downloaded as it is shown']);
  expect(wrongInLog({ ...sound, view: { ...view, bytes: 15 } })).toEqual(['has 14 of 15 bytes']);
  expect(wrongInLog(log(lines(`the ${SECRETS.token}`)))).toEqual([`shows ${SECRETS.token}`]);
});

test('of a lost attempt, what a reader was given has to be there: the same bytes', () => {
  const notice = { ...line('slipway: the worker was lost here', 0), stream: 'system' as const };
  const emptied = { ...log([notice]), shown: lines('one', 'tw') };
  // This alone would let it pass.
  expect(begins('one\ntwo\nthree\n', ownText(emptied.view.range))).toBe(true);
  expect(wrongInLog(emptied)).toEqual([expect.stringContaining('where a reader was given "one"')]);
  const cut = { ...log([...lines('one'), { ...notice, number: 1 }]), shown: lines('one', 'tw') };
  expect(wrongInLog(cut)).toEqual([expect.stringContaining('where a reader was given "tw"')]);
  const whole = log([...lines('one', 'two'), { ...notice, number: 2 }]);
  expect(wrongInLog({ ...whole, shown: lines('one', 'tw') })).toEqual([]);
  expect(wrongInLog({ ...whole, shown: lines('one', 'twe') })).toHaveLength(1);
});

test('an app writes the same again each time that it begins, and nothing else', () => {
  const whole = redacted(writtenByApp('v1'));
  const part = whole.slice(0, 200);
  const runs = { whole, most: 1, isLastWhole: true };
  expect(wrongInApp(whole, runs)).toEqual([]);
  expect(wrongInApp(part + whole, { ...runs, most: 2 })).toEqual([]);
  expect(wrongInApp(part, { ...runs, isLastWhole: false })).toEqual([]);
  expect(wrongInApp(part, runs)).toEqual([expect.stringMatching(/^ends with 200 of/)]);
  expect(wrongInApp('', runs)).toEqual([expect.stringMatching(/^ends with 0 of/)]);
  expect(wrongInApp(part + whole, runs)).toEqual(['begins 2 times, not 1 at most']);
  expect(wrongInApp(whole.replace('app 7 ', 'app 8 '), { ...runs, isLastWhole: false })).toHaveLength(1);
  expect(wrongInApp(writtenByApp('v1'), { ...runs, isLastWhole: false })).toHaveLength(1);
  expect(wrongInApp(part.slice(40), { ...runs, isLastWhole: false })).toEqual(['is not what the app wrote']);
});
