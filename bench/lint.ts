import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { planPipeline } from '../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from '../test/unit/pipeline/support.ts';
import { serviceFiles } from './app-files.ts';
import { timed } from './docker-run.ts';
import { median, round, type Figures } from './figures.ts';
import type { Ground } from './with-engine.ts';

const STEPS = 1_000;
const TIMES = 20;

/**
 * Lint and plan of a typical and of a large file, and `slipway lint` as a process. Floors: the same text as YAML alone;
 * Node that does nothing.
 */
export async function lint(ground: Ground): Promise<Figures<'lint'>> {
  const typical = serviceFiles('1')['slipway.yml'] ?? '';
  const large = `steps:\n${Array.from({ length: STEPS }, (_, i) => `  - name: s${i}\n    image: a:1\n    commands: [make t${i}]\n`).join('')}`;
  const typicalMs = medianMs(() => planned(typical));
  const thousandStepsMs = medianMs(() => planned(large));
  const yaml = {
    typicalMs: medianMs(() => parseDocument(typical)),
    largeMs: medianMs(() => parseDocument(large)),
  };
  const file = path.join(ground.dir, 'slipway.yml');
  await writeFile(file, typical);
  await writeFile(path.join(ground.dir, 'Dockerfile'), 'FROM scratch\n');
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const processes: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    processes.push((await timed(process.execPath, [cli, 'lint', file])).ms);
    bare.push((await timed(process.execPath, ['-e', ''])).ms);
  }
  const processMs = round(median(processes));
  return {
    rows: [
      {
        what: 'lint and plan of a typical file',
        value: `${typicalMs} ms`,
        floor: `${yaml.typicalMs} ms (YAML alone)`,
        goal: '≤ 5 ms',
      },
      {
        what: `lint and plan of ${STEPS} steps`,
        value: `${thousandStepsMs} ms`,
        floor: `${yaml.largeMs} ms (YAML alone)`,
        goal: '≤ 100 ms',
      },
      {
        what: '`slipway lint` as a process',
        value: `${processMs} ms`,
        floor: `${round(median(bare))} ms (node -e '')`,
        goal: '≤ 300 ms',
      },
    ],
    json: { typicalMs, thousandStepsMs, processMs },
  };
}

function planned(text: string): void {
  if (planPipeline(inputOf(text, EVENTS.push)).plan === null) throw new Error('the file has problems');
}

/** After as many runs that do not count. */
function medianMs(work: () => unknown): number {
  const times = Array.from({ length: 2 * TIMES }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return round(median(times.slice(TIMES)));
}
