import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { convertFiles } from '../../src/convert/convert-files.ts';
import { FORMATS } from '../../src/convert/converted.ts';
import type { Format } from '../../src/convert/converted.ts';
import { lintPipeline } from '../../src/pipeline/lint-pipeline.ts';
import { findSilent } from './convert/find-silent.ts';

/**
 * Converts files of other products, `<folder>/<format>/*`, and prints for each format how many were parsed and converted,
 * with what left out, and what lint says of the result. The files are no part of the project.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tries: { type: 'string', default: '30' }, list: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (folder === undefined)
  throw new Error('name the folder that has woodpecker/, drone/, gitlab/ and github/');

for (const format of FORMATS) console.log(measure(format, path.join(folder, format)));

function measure(format: Format, from: string): string {
  const counts = { files: 0, notYaml: 0, crashed: 0, silent: 0, nothing: 0, whole: 0, noted: 0, clean: 0 };
  const reasons = new Map<string, number>();
  const errors = new Map<string, number>();
  const add = (to: Map<string, number>, key: string) => to.set(key, (to.get(key) ?? 0) + 1);
  for (const name of readdirSync(from).sort()) {
    counts.files++;
    try {
      const text = readFileSync(path.join(from, name), 'utf8');
      const { workflows, notes } = convertFiles([{ path: name, content: text }], format);
      if (notes.some(({ severity, code }) => severity === 'error' && code !== 'more_problems')) {
        counts.notYaml++;
        if (values.list) console.log(`${format}/${name}: ${notes[0]?.message}`);
        continue;
      }
      if (workflows.length === 0) counts.nothing++;
      else if (notes.length === 0) counts.whole++;
      else counts.noted++;
      for (const one of new Set(notes.map(({ code, path: at }) => `${code} ${general(at)}`)))
        add(reasons, one);
      const problems = workflows
        .flatMap((one) => lintPipeline(one.text, one.name, { hasDockerfile: true }))
        .filter(({ severity }) => severity === 'error');
      if (workflows.length > 0 && problems.length === 0) counts.clean++;
      for (const one of new Set(problems.map(({ code, message }) => `${code}: ${message.slice(0, 70)}`)))
        add(errors, one);
      const silent = findSilent(format, name, text, Number(values.tries));
      if (silent.length > 0) counts.silent++;
      if (values.list)
        for (const { line, text: what } of silent) console.log(`${format}/${name}:${line}: silent: ${what}`);
    } catch (error) {
      counts.crashed++;
      console.log(`${format}/${name}: ${(error as Error).stack}`);
    }
  }
  const share = (part: number) =>
    `${part} (${((100 * part) / Math.max(1, counts.files - counts.notYaml)).toFixed(0)} %)`;
  return [
    `${format}: ${counts.files} files, ${counts.notYaml} not YAML, ${counts.crashed} crashed, ${counts.silent} with something silent`,
    `  converted whole ${share(counts.whole)}, with notes ${share(counts.noted)}, nothing to run ${share(counts.nothing)}; lint finds no error in ${share(counts.clean)}`,
    ...top(reasons).map(([one, count]) => `  note  ${count} ${one}`),
    ...top(errors).map(([one, count]) => `  error ${count} ${one}`),
  ].join('\n');
}

/** A path without names and places. */
function general(at: string): string {
  return at
    .replace(/\[\d+\]/g, '[]')
    .replace(/^((?:jobs|steps|services)\.)[^.]+/, '$1*')
    .replace(
      /^(?!jobs|steps|services)[^.]+(\.(?:script|rules|variables|only|cache|artifacts|environment|image|before_script|after_script|tags|services|when|needs))/,
      '*$1',
    );
}

function top(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 10);
}
