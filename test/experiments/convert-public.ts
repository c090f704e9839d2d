import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { convertFiles } from '../../src/convert/convert-files.ts';
import { FORMATS } from '../../src/convert/converted.ts';
import type { Converted, Format, InputFile } from '../../src/convert/converted.ts';
import { ACTION_FILE } from '../../src/convert/github/local-files.ts';
import type { LintProblem } from '../../src/pipeline/lint-problem.ts';
import { lintConverted, unannounced } from './convert/lint-converted.ts';
import { findSilent } from './convert/find-silent.ts';

/**
 * Converts files of other products, `<folder>/<format>/<repository>/…`, and prints for each format how many were parsed and
 * converted, with what left out, and what lint says of the result. Files of one repository are held against each other, and
 * included ones are read with the file that includes them. The files are no part of the project.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tries: { type: 'string', default: '30' },
    list: { type: 'boolean', default: false },
    top: { type: 'string', default: '10' },
  },
});
const [folder] = positionals;
if (folder === undefined)
  throw new Error('name the folder that has woodpecker/, drone/, gitlab/ and github/');

interface PublicFile extends InputFile {
  readonly content: string;
}

let isClean = true;
for (const format of FORMATS) console.log(measure(format, path.join(folder, format)));
process.exitCode = isClean ? 0 : 1;

function measure(format: Format, from: string): string {
  const counts = { files: 0, notYaml: 0, crashed: 0, silent: 0, nothing: 0, whole: 0, noted: 0 };
  const linted = { clean: 0, announced: 0, not: 0 };
  const reasons = new Map<string, Set<string>>();
  const errors = new Map<string, Set<string>>();
  const repositories = readdirSync(from).sort();
  for (const repository of repositories) {
    const all = readRepository(path.join(from, repository));
    for (const files of groupsOf(format, all)) {
      const name = `${format}/${repository}/${files[0]?.path ?? ''}`;
      counts.files++;
      try {
        count(name, convertFiles(files, format), files);
      } catch (error) {
        counts.crashed++;
        console.log(`${name}: ${(error as Error).stack}`);
      }
    }
    lintAll(repository, all);
  }
  const share = (part: number) =>
    `${part} (${((100 * part) / Math.max(1, counts.files - counts.notYaml)).toFixed(0)} %)`;
  isClean &&= counts.crashed + counts.silent + linted.not === 0;
  return [
    `${format}: ${counts.files} files of ${repositories.length} repositories, ${counts.notYaml} not YAML, ${counts.crashed} crashed, ${counts.silent} with something silent`,
    `  converted whole ${share(counts.whole)}, with notes ${share(counts.noted)}, nothing to run ${share(counts.nothing)}`,
    `  lint finds no error in the files of ${linted.clean} repositories, errors that notes announce in ${linted.announced}, others in ${linted.not}`,
    ...top(reasons).map(([one, of]) => `  note  ${of.size} ${one}`),
    ...top(errors).map(([one, of]) => `  error ${of.size} ${one}`),
  ].join('\n');

  function count(name: string, { workflows, notes }: Converted, files: readonly PublicFile[]): void {
    if (notes.some(({ severity, code }) => severity === 'error' && code !== 'more_problems')) {
      counts.notYaml++;
      if (values.list) console.log(`${name}: ${notes[0]?.message}`);
      return;
    }
    if (workflows.length === 0) counts.nothing++;
    else if (notes.length === 0) counts.whole++;
    else counts.noted++;
    for (const note of notes) addTo(reasons, reasonOf(note), name);
    const [main] = files;
    const silent =
      main === undefined || (files.length > 1 && format !== 'github')
        ? []
        : findSilent(format, main.path, main.content, Number(values.tries));
    if (silent.length > 0) counts.silent++;
    if (values.list)
      for (const { line, text: what } of silent) console.log(`${name}:${line}: silent: ${what}`);
  }

  function lintAll(repository: string, all: readonly PublicFile[]): void {
    const converted = groupsOf(format, all).map((files) => convertFiles(files, format));
    // A workflow of GitHub knows nothing of those of other files.
    const together = format === 'woodpecker' ? [convertFiles(all, format)] : converted;
    const problems = together.flatMap(lintConverted);
    const others = together.flatMap(unannounced);
    if (others.length > 0) linted.not++;
    else if (problems.length > 0) linted.announced++;
    else linted.clean++;
    for (const { file, line, code, message } of others) {
      addTo(errors, `${code}: ${message.slice(0, 70)}`, repository);
      if (values.list) console.log(`${format}/${repository}/${file}:${line}: ${code}: ${message}`);
    }
  }
}

/**
 * Files that are converted on their own; of GitLab the main file with those that it includes, of GitHub each workflow with
 * whatever it may use or call.
 */
function groupsOf(format: Format, all: readonly PublicFile[]): readonly (readonly PublicFile[])[] {
  if (format === 'github')
    return all
      .filter(({ path: name }) => !ACTION_FILE.test(name))
      .map((one) => [
        one,
        ...all.filter((other) => other !== one).map((other) => ({ ...other, isBeside: true })),
      ]);
  if (format !== 'gitlab') return all.map((one) => [one]);
  const main = all.find(({ path: name }) => /^\.gitlab-ci\.ya?ml$/.test(name));
  if (main === undefined) return [];
  const included = new Set([main]);
  for (const one of included)
    for (const other of all) if (one.content.includes(other.path)) included.add(other);
  return [[...included]];
}

function readRepository(root: string): readonly PublicFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .sort()
    .map((name) => ({ path: path.relative(root, name), content: readFileSync(name, 'utf8') }));
}

/** A note without what is particular to its file. */
function reasonOf({ code, message }: LintProblem): string {
  const said = message.replace(/^`.*?` (?:is left out|is not quite the same here): /, '');
  return `${code} ${said.slice(0, 100)}`;
}

function addTo(counts: Map<string, Set<string>>, key: string, of: string): void {
  counts.set(key, (counts.get(key) ?? new Set()).add(of));
}

function top(counts: ReadonlyMap<string, ReadonlySet<string>>) {
  return [...counts].sort(([, a], [, b]) => b.size - a.size).slice(0, Number(values.top));
}
