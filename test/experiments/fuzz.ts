import { parseArgs } from 'node:util';
import { fuzzSecrets } from './secrets/fuzz.ts';

/** `npm run fuzz -- [--cases N] [--seed S]`: secrets in texts, redacted; exits with 1 when one can be read. */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
const startMs = performance.now();
const leaks = fuzzSecrets(cases, seed);
for (const leak of leaks.slice(0, 10)) console.log(JSON.stringify(leak));
const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
console.log(
  `${cases} cases, seed ${seed}, ${seconds} s: ${leaks.length === 0 ? 'none leaks' : `${leaks.length} leak`}`,
);
process.exitCode = leaks.length === 0 ? 0 : 1;
