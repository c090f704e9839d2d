import { createHash } from 'node:crypto';
import { CACHE_LIMITS } from '../../src/core/cache.ts';
import type { CachePlan } from '../../src/core/plan.ts';
import {
  asOperand,
  cleanName,
  inArguments,
  listFiles,
  NotCollected,
  output,
} from '../collect/collect-files.ts';
import type { FilesPlace } from '../collect/collect-files.ts';
import { HELPER } from '../steps/ensure-helper.ts';

/** Digits of the hash that a key ends with. */
const DIGITS = 32;

/** The key of a cache, with the hash of its files as they are now; `none` stands for the hash where there is no file. */
export async function cacheKeyOf(place: FilesPlace, { key, files }: CachePlan): Promise<string> {
  const whole =
    files.length === 0 ? key : [...(key === '' ? [] : [key]), await hashOf(place, files)].join('-');
  if (whole === '' || whole.length > CACHE_LIMITS.key)
    throw new NotCollected(`its key has ${whole.length} characters, and not 1 to ${CACHE_LIMITS.key}`);
  return whole;
}

/** Of names and contents; where the files are is part of it, when they were written is not. */
async function hashOf(place: FilesPlace, patterns: readonly string[]): Promise<string> {
  const names = await listFiles(place, patterns);
  if (names.length === 0) return 'none';
  if (names.length > CACHE_LIMITS.keyFiles)
    throw new NotCollected(`its key is of ${names.length} files, more than ${CACHE_LIMITS.keyFiles}`);
  const hash = createHash('sha256');
  for (const some of inArguments(names)) {
    const command = [HELPER, 'sha256sum', ...some.map(asOperand)];
    const pieces: Uint8Array[] = [];
    for await (const piece of output(place, command, 0)) pieces.push(piece);
    for (const line of Buffer.concat(pieces).toString('utf8').trimEnd().split('\n')) {
      const [sum = '', name = ''] = line.split(/ [ *](.*)/s);
      hash.update(`${sum} ${cleanName(name)}\n`);
    }
  }
  return hash.digest('hex').slice(0, DIGITS);
}
