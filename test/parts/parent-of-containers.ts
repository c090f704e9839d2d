import path from 'node:path';
import type { PartImage } from '../../src/parts/part.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { startRegistry } from '../../src/parts/registry.ts';

/* Starts parts in the folder named, from the images named, says so, and waits to be killed. */
const [, , dir = '', text = ''] = process.argv;
const { redis, registry } = JSON.parse(text) as Readonly<Record<'redis' | 'registry', PartImage>>;
await startRedis({ dir: path.join(dir, 'redis'), image: redis });
await startRegistry({ dir: path.join(dir, 'registry'), image: registry });
console.log('started');
setInterval(() => undefined, 60_000);
