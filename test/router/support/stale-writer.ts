/**
 * A deployer that lost its lease and does not know: `node stale-writer.ts <directory> <fence>` puts one environment
 * with an old fence into the router, back and forth, until it is killed. `JSON` line per answer on stdout.
 */
import { openRouter } from '../../../worker/router/open-router.ts';
import { environmentOf } from './router-under-test.ts';

const [dir = '', fence = ''] = process.argv.slice(2);
const router = openRouter(dir, { patienceMs: 300 });
for (let turn = 0; ; turn++) {
  const roles =
    turn % 2 === 0 ? (['live', 'standby', 'empty'] as const) : (['standby', 'live', 'empty'] as const);
  const applied = await router.put(environmentOf(Number(fence), roles));
  process.stdout.write(`${JSON.stringify(applied.ok ? 'ok' : applied.refusal.kind)}\n`);
}
