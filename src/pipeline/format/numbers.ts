import { SPLIT_LIMITS } from '../../core/split.ts';
import type { Format } from '../shape/scalar.ts';

/** Of a number, with at most 15 digits before the point and 9 after it. */
export const DECIMAL = /^-?[0-9]{1,15}(?:[.][0-9]{1,9})?$/;

/** A number as people write it. */
export const decimal: Format<number> = {
  phrase: 'a number such as `-3` or `0.5`',
  blank: 0,
  parse: (text) => (DECIMAL.test(text) ? Number(text) : null),
  json: { type: ['number', 'string'], pattern: DECIMAL.source },
};

/** How many workflows of a group run at a time. */
export const concurrencyLimit = wholeNumber('a number', 1, 1_000, 1);

export const port = wholeNumber('a port', 1, 65_535, 0);

export const passes = wholeNumber('a number', 1, 20, 0);

/** How often a step is tried again. */
export const retryCount = wholeNumber('a number', 1, 10, 1);

/** How many shares a step has. */
export const splitCount = wholeNumber('a number', 2, SPLIT_LIMITS.shares, 2);

/** An exit code of a failure. */
export const exitCode = wholeNumber('an exit code', 1, 255, 1);

/** Shares of processors, e.g. `0.5` or `2`. */
export const cpus: Format<number> = {
  phrase: 'a number of CPUs from 0.01 to 1024',
  blank: 0,
  parse: (text) => {
    const number = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    return number >= 0.01 && number <= 1_024 ? number : null;
  },
  json: {
    type: ['number', 'string'],
    minimum: 0.01,
    maximum: 1_024,
    pattern: '^[0-9]{1,4}([.][0-9]{1,3})?$',
  },
};

const MEMORY = /^(\d{1,15})(?:([kmg])(?:i?b)?|b)$/i;

const MEMORY_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };

/** Bytes. The engine refuses less than 6 MiB. */
export const memory: Format<number> = {
  phrase: 'a size of at least 6m such as `512m` or `2g`',
  blank: 0,
  parse: (text) => {
    const [, digits, unit = ''] = MEMORY.exec(text) ?? [];
    const bytes = Number(digits) * (MEMORY_UNITS[unit.toLowerCase()] ?? NaN);
    return bytes >= 6 * 1_024 ** 2 && bytes <= 2 ** 50 ? bytes : null;
  },
  json: { type: 'string', pattern: '^[0-9]{1,15}([kKmMgG]([iI]?[bB])?|[bB])$' },
};

/** `what`: as in "a number from 1 to 20". */
function wholeNumber(what: string, least: number, most: number, blank: number): Format<number> {
  return {
    phrase: `${what} from ${least} to ${most}`,
    blank,
    parse: (text) => between(text, least, most),
    json: {
      type: ['integer', 'string'],
      minimum: least,
      maximum: most,
      pattern: `^[0-9]{1,${String(most).length}}$`,
    },
  };
}

function between(text: string, least: number, most: number): number | null {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : null;
}
