import path from 'node:path';
import { startEngine } from '../../src/parts/engine.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { startRegistry } from '../../src/parts/registry.ts';

/* Starts every part in the folder named, says where the engine is, and waits to be killed. */
const dir = process.argv[2] ?? '';
const engine = await startEngine({ dir: path.join(dir, 'engine') });
await startRedis({ dir: path.join(dir, 'redis') });
await startRegistry({ dir: path.join(dir, 'registry') });
console.log(JSON.stringify({ dockerHost: engine.host }));
setInterval(() => undefined, 60_000);
