import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lintPipeline } from '../src/pipeline/lint-pipeline.ts';
import { serviceFiles } from './app-files.ts';
import { timed } from './docker-run.ts';
import { median, round, type Figures } from './figures.ts';
import type { Ground } from './with-engine.ts';

const STEPS = 1_000;

/** Lint of a typical and of a large file, and as a process. Floor of the process: Node that does nothing. */
export async function lint(ground: Ground): Promise<Figures<'lint'>> {
  const typical = serviceFiles('1')['slipway.yml'] ?? '';
  const large = `steps:\n${Array.from({ length: STEPS }, (_, i) => `  - name: s${i}\n    image: a:1\n    commands: [make t${i}]\n`).join('')}`;
  const typicalMs = round(median(repeat(50, () => lintPipeline(typical, 'slipway.yml'))));
  const thousandStepsMs = round(median(repeat(7, () => lintPipeline(large, 'slipway.yml'))));
  const file = path.join(ground.dir, 'slipway.yml');
  await writeFile(file, typical);
  await writeFile(path.join(ground.dir, 'Dockerfile'), 'FROM scratch\n');
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const processes: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < 7; i++) {
    processes.push((await timed(process.execPath, [cli, 'lint', file])).ms);
    bare.push((await timed(process.execPath, ['-e', ''])).ms);
  }
  const processMs = round(median(processes));
  return {
    rows: [
      { what: 'lint of a typical file', value: `${typicalMs} ms`, floor: '–', goal: '≤ 5 ms' },
      { what: `lint of ${STEPS} steps`, value: `${thousandStepsMs} ms`, floor: '–', goal: '≤ 100 ms' },
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

function repeat(times: number, work: () => unknown): number[] {
  return Array.from({ length: times }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}
