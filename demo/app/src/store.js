import { openFileStore } from './file-store.js';
import { openRedisStore } from './redis-store.js';

/** Opens `redis://host:port` or `file:path`. A store has get, set, count and close. */
export async function openStore(address) {
  if (address.startsWith('redis:')) return openRedisStore(new URL(address));
  return openFileStore(address.replace(/^file:/, ''));
}
