import type { LogLine } from '../../../src/core/log.ts';
import type { LogRangeView } from '../../../src/core/views/log-view.ts';
import { SECRETS } from './projects.ts';

/** A log as it was at last: its lines, and its bytes as they are downloaded. */
export interface LastSeen {
  readonly view: LogRangeView;
  readonly raw: string;
  /** What a reader was given of it before. */
  readonly shown: readonly LogLine[];
}

/** What is wrong with a log, whatever was written to it, in words: a gap, no end, less than was shown, a secret. */
export function wrongInLog({ view, raw, shown }: LastSeen): readonly string[] {
  const { range, lines, bytes, sealed } = view;
  const problems: string[] = [];
  if (!sealed) problems.push('has no end');
  if (range.length !== lines || range.some(({ number }, index) => number !== index))
    problems.push('has a gap');
  const text = range.map((line) => line.text).join('\n');
  if (raw !== text && raw !== `${text}\n`) problems.push('is not downloaded as it is shown');
  if (Buffer.byteLength(raw) !== bytes) problems.push(`has ${Buffer.byteLength(raw)} of ${bytes} bytes`);
  const gone = goneFrom(range, shown);
  if (gone !== null) problems.push(gone);
  const parts = Object.values(SECRETS).flatMap((value) => value.split('\n'));
  for (const part of parts) if (raw.includes(part)) problems.push(`shows ${part}`);
  return problems;
}

/** What `now` has no more of what a reader was given, in words; null when all of it is there. The last line may have grown. */
export function goneFrom(now: readonly LogLine[], shown: readonly LogLine[]): string | null {
  const at = shown.findIndex((line, index) => {
    const same = now[index];
    if (same?.number !== line.number || same.stream !== line.stream || same.timeMs !== line.timeMs)
      return true;
    return index === shown.length - 1 ? !same.text.startsWith(line.text) : same.text !== line.text;
  });
  return at < 0
    ? null
    : `shows ${JSON.stringify(now[at]?.text ?? null)} where a reader was given ${JSON.stringify(shown[at]?.text)} (line ${at} of ${shown.length})`;
}

/** Without what Slipway says itself. */
export const ownText = (range: readonly LogLine[]): string =>
  range
    .filter(({ stream }) => stream !== 'system')
    .map(({ text }) => `${text}\n`)
    .join('');

/** Whether `text` is the beginning of it; the end of a line may be Slipway's, who speaks on a line of its own. */
export const begins = (whole: string, text: string): boolean =>
  whole.startsWith(text) || whole.startsWith(text.replace(/\n$/, ''));

/** By nothing of the product: every secret, then every line of one, the longest first. */
export function redacted(text: string): string {
  const parts = Object.values(SECRETS).flatMap((value) => [value, ...value.split('\n')]);
  return parts
    .sort((a, b) => b.length - a.length)
    .reduce((all, part) => all.split(part).join('********'), text);
}

/** What an app's log has to be. */
export interface AppRuns {
  /** What it writes each time that it begins, redacted; a `#` is at its start and nowhere else. */
  readonly whole: string;
  /** It may have begun so many times. */
  readonly most: number;
  /** The last of them is over, or goes on. */
  readonly isLastWhole: boolean;
}

/** What is wrong with what an app has written; each of its runs but the last may have been ended anywhere. */
export function wrongInApp(text: string, { whole, most, isLastWhole }: AppRuns): readonly string[] {
  const runs = text === '' ? [] : text.split(/(?=#)/);
  const problems: string[] = [];
  if (runs.length > most) problems.push(`begins ${runs.length} times, not ${most} at most`);
  if (!runs.every((run) => begins(whole, run))) problems.push('is not what the app wrote');
  if (isLastWhole && runs.at(-1) !== whole)
    problems.push(`ends with ${runs.at(-1)?.length ?? 0} of the ${whole.length} bytes that the app wrote`);
  return problems;
}
