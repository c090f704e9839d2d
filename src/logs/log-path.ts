import path from 'node:path';
import { Problem } from '../core/problem.ts';

/**
 * Where the files of a log stand, without their endings: `<folder>/<yyyy-mm>/<dd>/<log id>`. The day is that of
 * the id's making (UTC), which the id holds itself, so no table leads from a log to its files.
 * @throws Problem `not_found` for text that is no id of a log.
 */
export function logPath(folder: string, logId: string): string {
  const time = /^(?:[a-z]+_)+([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(logId)?.[1];
  if (time === undefined) throw new Problem('not_found', { what: 'log', id: logId.slice(0, 80) });
  const day = new Date(timeOf(time)).toISOString();
  return path.join(folder, day.slice(0, 7), day.slice(8, 10), logId);
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Ids of an impossible time (a Date ends in 275760) share one folder. */
const LAST_MS = Date.UTC(9999, 11, 31);

function timeOf(text: string): number {
  let ms = 0;
  for (const letter of text) ms = ms * 32 + ALPHABET.indexOf(letter);
  return Math.min(ms, LAST_MS);
}
