import { parseArgs } from 'node:util';
import { hugeRepository } from './huge/huge-repository.ts';
import { chaosOfLeases } from './lease/chaos.ts';
import { chaosOfPath } from './path/chaos.ts';

/**
 * `npm run chaos -- [--only path|lease|huge] [--rounds N] [--seed S] …`: rounds of faults against real processes. Prints each
 * round and what was covered; exits with 1 when a round found something, or when 200 rounds or more left something
 * uncovered. `path`: real builds and deployments, see `path/chaos.ts`; `--round NAME` (more than once for more) runs a round again that an
 * earlier run has named, `--mutant fsync|fence|outbox|lost-log|app-log` a Slipway without that, in which something has to be found.
 * `--postgres` has the record in a PostgreSQL, whose faults, and those of server and worker, are gone through.
 * `lease`: leases alone, see `lease/chaos.ts`. `huge`: no faults, but a repository of `--files N` and `--megabytes N`.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: 'path' },
    rounds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    round: { type: 'string', multiple: true, default: [] },
    mutant: { type: 'string' },
    postgres: { type: 'boolean', default: false },
    stacks: { type: 'string', default: '4' },
    files: { type: 'string', default: '20000' },
    megabytes: { type: 'string', default: '300' },
    quick: { type: 'boolean', default: false },
    fence: { type: 'boolean', default: true },
  },
});
const { round: again, mutant, quick, fence } = values;
const rounds = Number(values.rounds ?? (mutant === undefined ? 200 : 14));
const seed = Number(values.seed);
const chaos = {
  path: () =>
    chaosOfPath({
      rounds,
      seed,
      again,
      isPostgres: values.postgres,
      ...(mutant === undefined ? {} : { mutant }),
    }),
  lease: () => chaosOfLeases({ rounds, seed, quick, fence, stacks: Number(values.stacks) }),
  huge: () => hugeRepository({ files: Number(values.files), megabytes: Number(values.megabytes) }),
}[values.only];
if (chaos === undefined)
  throw new Error(`there is no experiment ${values.only}; there are: path, lease, huge`);
process.exitCode = (await chaos()) ? 0 : 1;
