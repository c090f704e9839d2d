import { setTimeout as sleep } from 'node:timers/promises';
import { CacheStore } from '../../../../worker/caches/cache-store.ts';

/** A process that saves a cache without an end; it says so when half of it is written. */
const [directory = '', key = ''] = process.argv.slice(2);
const store = new CacheStore({ directory, keepBytes: 1024 ** 3, diskLow: { bytes: 0 } });
await store.save('lea_dead', 'prj_1.trusted', { key, paths: ['/x'] }, async (file, wrote) => {
  for (let pieces = 1; ; pieces += 1) {
    const piece = Buffer.alloc(64 * 1024, 'x');
    await file.write(piece);
    await wrote(piece.length);
    if (pieces === 16) process.stdout.write('half\n');
    await sleep(1);
  }
});
