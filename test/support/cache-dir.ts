import { homedir } from 'node:os';
import path from 'node:path';

/** Folder that is kept between runs, for what is slow to make: SLIPWAY_TEST_CACHE, else below the user's cache. */
export function cacheDir(): string {
  const named = process.env['SLIPWAY_TEST_CACHE'];
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return path.resolve(named === undefined || named === '' ? path.join(cache, 'slipway-test') : named);
}
