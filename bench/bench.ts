import { parseArgs } from 'node:util';
import { badInput } from './bad-input.ts';
import { firstLine } from './first-line.ts';
import { formatTable, type BenchmarkName, type Figures, type Row } from './figures.ts';
import { greenToSwitched } from './green-to-switched.ts';
import { history } from './history.ts';
import { hostile } from './hostile.ts';
import { lint } from './lint.ts';
import { matrix } from './matrix.ts';
import { log } from './log.ts';
import { memory } from './memory.ts';
import { oneLineChange } from './one-line-change.ts';
import { pushToProduction } from './push-to-production.ts';
import { recovery } from './recovery.ts';
import { step } from './step.ts';
import { switches } from './switches.ts';
import { webhook } from './webhook.ts';
import { withEngine, type Ground } from './with-engine.ts';

/*
 * `npm run bench [-- --only NAME] [-- --json]`: measures what docs/benchmark.md holds, each figure beside its floor in
 * the same run. Nothing here fails a build: machines are noisy, so read ratios and medians.
 */
const BENCHMARKS: { readonly [Name in BenchmarkName]: (ground: Ground) => Promise<Figures<Name>> } = {
  webhook,
  log,
  step,
  firstLine,
  greenToSwitched,
  oneLineChange,
  switch: switches,
  pushToProduction,
  history,
  recovery,
  memory,
  hostile,
  badInput,
  lint,
  matrix,
};

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const names = values.only === undefined ? Object.keys(BENCHMARKS) : values.only.split(',');
const unknown = names.filter((name) => !isBenchmark(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}

const rows: Row[] = [];
const json: Record<string, Figures<BenchmarkName>['json']> = {};
await withEngine(async (ground) => {
  for (const name of names.filter(isBenchmark)) {
    ground.say(`${name} …`);
    const figures = await BENCHMARKS[name](ground);
    rows.push(...figures.rows);
    json[name] = figures.json;
    ground.say(formatTable(figures.rows));
  }
});
console.log(`\n${formatTable(rows)}`);
if (values.json) console.log(JSON.stringify(json));

function isBenchmark(name: string): name is BenchmarkName {
  return Object.hasOwn(BENCHMARKS, name);
}
