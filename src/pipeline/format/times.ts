import { CRON_EXPRESSION, TIMEZONE } from '../cron-time.ts';
import { matching } from './matching.ts';
import type { Format } from '../shape/scalar.ts';

const CRON_FIX =
  'Write minute, hour, day of the month, month and day of the week, e.g. `30 3 * * MON-FRI`, or e.g. `@daily`.';

/** When builds are made; whether such a time comes is checked apart. */
export const cronExpression: Format<string> = {
  ...matching(
    'a schedule of five fields such as `30 3 * * MON-FRI`, or e.g. `@daily`',
    CRON_EXPRESSION,
    CRON_FIX,
  ),
  fixOf: (text) => {
    const count = text.trim().split(/\s+/).length;
    return text.startsWith('@') || count === 5 ? null : `It has ${count} fields, and not five. ${CRON_FIX}`;
  },
};

export const timezone = matching('a time zone such as `Europe/Berlin`', TIMEZONE);

const DURATION = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m(?!s))?(?:(\d{1,8})s)?(?:(\d{1,9})ms)?$/;

const DURATION_UNITS = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/** Examples, of which each range has two at the least. */
const DURATIONS = ['30s', '10m', '1h30m', '2d', '30d'];

/** Milliseconds. `least` and `most` are written in the same form. */
export function duration(least: string, most: string): Format<number> {
  const parse = (text: string): number | null => {
    const [whole, ...parts] = DURATION.exec(text) ?? [];
    if (whole === undefined) return null;
    return parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (DURATION_UNITS[index] ?? 0), 0);
  };
  const [low, high] = [parse(least) ?? 0, parse(most) ?? 0];
  const isWithin = (ms: number): boolean => ms >= low && ms <= high;
  const examples = DURATIONS.filter((one) => isWithin(parse(one) ?? 0))
    .slice(0, 3)
    .map((one) => `\`${one}\``);
  const last = examples.pop() ?? least;
  return {
    phrase: `a duration from ${least} to ${most} such as ${examples.join(', ')} or ${last}`,
    blank: 0,
    parse: (text) => {
      const ms = parse(text);
      return ms !== null && isWithin(ms) ? ms : null;
    },
    json: {
      type: 'string',
      pattern: '^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,7}m(?!s))?([0-9]{1,8}s)?([0-9]{1,9}ms)?$',
    },
  };
}
