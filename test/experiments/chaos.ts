import { parseArgs } from 'node:util';
import { chaosOfLeases } from './lease/chaos.ts';
import { chaosOfPath } from './path/chaos.ts';

/**
 * `npm run chaos -- [--only path|lease] [--rounds N] [--seed S] …`: rounds of faults against real processes. Prints each
 * round and what was covered; exits with 1 when a round found something, or when 200 rounds or more left something
 * uncovered. `path`: real builds and deployments, see `path/chaos.ts`. `lease`: leases alone, see `lease/chaos.ts`.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: 'path' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    stacks: { type: 'string', default: '4' },
    quick: { type: 'boolean', default: false },
    fence: { type: 'boolean', default: true },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const chaos = { path: chaosOfPath, lease: chaosOfLeases }[values.only];
if (chaos === undefined) throw new Error(`there is no experiment ${values.only}; there are: path, lease`);
const isGood = await chaos({ ...values, rounds, seed, stacks: Number(values.stacks) });
process.exitCode = isGood ? 0 : 1;
