import { parseArgs } from 'node:util';
import { readCorpus } from './pipeline/corpus.ts';
import { fuzzFiles } from './pipeline/fuzz-files.ts';
import { mutateFile } from './pipeline/mutate-file.ts';
import { fuzzSecrets } from './secrets/fuzz.ts';

/**
 * `npm run fuzz -- [--cases N] [--seed S]`: secrets in texts, redacted; exits with 1 when one can be read.
 * `npm run fuzz -- --files N [--seed S]`: mutated pipeline files, linted and planned; exits with 1 when one is answered
 * wrongly, not at all, or after a second. `--file I --seed S` writes one of them.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    files: { type: 'string' },
    file: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const startMs = performance.now();
const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;

if (values.file !== undefined) process.stdout.write(mutateFile(readCorpus(), seed, Number(values.file)));
else
  process.exitCode = (await (values.files === undefined
    ? secrets(Number(values.cases))
    : pipelineFiles(Number(values.files))))
    ? 0
    : 1;

function secrets(cases: number): boolean {
  const leaks = fuzzSecrets(cases, seed);
  for (const leak of leaks.slice(0, 10)) console.log(JSON.stringify(leak));
  const found = leaks.length === 0 ? 'none leaks' : `${leaks.length} leak`;
  console.log(`${cases} cases, seed ${seed}, ${seconds()}: ${found}`);
  return leaks.length === 0;
}

async function pipelineFiles(files: number): Promise<boolean> {
  const { wrong, planned, slowestMs, slowest, longestMs, peakMb } = await fuzzFiles(files, seed);
  for (const { index, fault } of wrong.slice(0, 10)) console.log(`file ${index}: ${fault}`);
  const found = wrong.length === 0 ? 'none crashed' : `${wrong.length} wrong`;
  console.log(
    `${files} files, seed ${seed}, ${seconds()}: ${found}; ${planned} had a plan; the slowest, file ${slowest}, took ` +
      `${slowestMs.toFixed(0)} ms of the processor, the longest ${longestMs.toFixed(0)} ms by the clock; ` +
      `at most ${peakMb} MB resident`,
  );
  return wrong.length === 0 && slowestMs < 1_000;
}
