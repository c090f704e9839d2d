import { Cron } from 'croner';

/** When builds are made by the clock. */
export interface CronTime {
  /** Five fields, or a name such as `@daily`. */
  readonly expression: string;
  /** Name in the database of IANA, e.g. `Europe/Berlin`. */
  readonly timezone: string;
}

const FIELD =
  '(?:[0-9*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT){1,64}';

/** Fields of crontab, or its names of usual times. */
export const CRON_EXPRESSION = new RegExp(
  `^(?:@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)|${FIELD}(?: +${FIELD}){4})$`,
  'i',
);

export const TIMEZONE = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/;

/**
 * The times after `afterMs`, at most `count` of them, epoch ms, rising. A time that the change to summer time leaves out is that
 * change; one that comes twice in autumn is the first of the two. None where a field is wrong, or no such time comes.
 */
export function cronTimes(
  { expression, timezone }: CronTime,
  afterMs: number,
  count: number,
): readonly number[] {
  if (!CRON_EXPRESSION.test(expression) || !isTimezone(timezone)) return [];
  try {
    const cron = new Cron(expression, { timezone, paused: true, mode: '5-part' });
    return cron.nextRuns(count, new Date(afterMs)).map((time) => time.getTime());
  } catch {
    return [];
  }
}

/** The first of {@link cronTimes}; null where none comes. */
export function nextCronTime(time: CronTime, afterMs: number): number | null {
  return cronTimes(time, afterMs, 1)[0] ?? null;
}

export function isTimezone(name: string): boolean {
  if (!TIMEZONE.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Fields, each with its range and the names that it takes. */
const RANGES: readonly (readonly [field: string, least: number, most: number, names: string])[] = [
  ['minute', 0, 59, ''],
  ['hour', 0, 23, ''],
  ['day of the month', 1, 31, ''],
  ['month', 1, 12, 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'],
  ['day of the week', 0, 7, 'SUN MON TUE WED THU FRI SAT'],
];

/** The field that is wrong, with its range, as a part of a sentence; null where none by itself is. */
export function whyNoCronTime(expression: string): string | null {
  if (expression.startsWith('@')) return null;
  const fields = expression.split(/ +/);
  for (const [index, [field, least, most, names]] of RANGES.entries()) {
    const numbers = (fields[index] ?? '').replace(/\/\d+/g, '').match(/\d+|[A-Z]+/gi) ?? [];
    const isWrong = (one: string): boolean =>
      /\d/.test(one)
        ? Number(one) < least || Number(one) > most
        : !names.split(' ').includes(one.toUpperCase());
    const wrong = numbers.find(isWrong);
    const range = `from ${least} to ${most}${names === '' ? '' : ` or ${names.replace(/ .* /, '-')}`}`;
    if (wrong !== undefined) return `the ${field} is ${range}, and not \`${wrong}\``;
  }
  return null;
}
