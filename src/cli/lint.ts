import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { LintView } from '../core/views/lint-view.ts';
import { lintFile as lintFileText } from '../convert/plan-files.ts';
import { isForeignPath } from '../convert/read-foreign.ts';
import type { Facts } from '../pipeline/check/check-pipeline.ts';
import { gatherIncluded } from '../pipeline/include/gather-included.ts';
import { lintWorkflows } from '../pipeline/lint-pipeline.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import {
  DEFAULT_PIPELINE,
  PIPELINE_FILE,
  PIPELINE_FOLDER,
  type PipelineFile,
} from '../pipeline/pipeline-files.ts';
import { WrongValue } from './call-server.ts';
import { countProblems, formatProblems } from './format-problems.ts';
import { readClones, readIncludedHere, type Clones } from './included-files.ts';
import {
  dockerfileBeside,
  filesBeside,
  readLintInput,
  rootOf,
  UnreadableFile,
  workflowFiles,
} from './lint-input.ts';
import { paint } from './print.ts';

const USAGE = `Usage: slipway lint [FILE…] [--format text|json|sarif] [--strict] [--include PROJECT=FOLDER]…

Checks pipeline files (${PIPELINE_FILE} or the files of ${PIPELINE_FOLDER}/ by default; "-" is standard input) and
shows every problem.
  --format  text for people (the default), json, or sarif: SARIF 2.1.0, as code hosts and editors take it
  --json    the same as --format json
  --strict  warnings fail, too
  --include PROJECT=FOLDER  a clone of another project, whose files are included; others are not looked at
Exit status: 0 no errors (with --strict, no warnings either), 1 errors, 2 wrong use or a file that cannot be read.
`;

/** The problems of one file, which is called `file` in them. */
export interface Linted {
  readonly file: string;
  readonly problems: readonly LintProblem[];
}

const FORMATS: Readonly<Record<string, (linted: readonly Linted[]) => string | Promise<string>>> = {
  text: asText,
  json: asJson,
  sarif: async (linted) => (await import('./lint-sarif.ts')).asSarif(linted, process.cwd()),
};

/** `slipway lint`. Gives the exit status. */
export async function lintCommand(argv: readonly string[]): Promise<number> {
  try {
    const { files, format, isStrict, isHelp, clones } = readArguments(argv);
    if (isHelp) {
      process.stdout.write(USAGE);
      return 0;
    }
    const linted: Linted[] = [];
    for (const file of files) linted.push(await lintFile(file, clones));
    process.stdout.write(await format(eachOnce(linted)));
    return linted.some(isStrict ? hasProblems : hasErrors) ? 1 : 0;
  } catch (error) {
    const isPlain = error instanceof UnreadableFile || error instanceof WrongValue;
    const usage = isPlain ? '' : `\n${USAGE}`;
    process.stderr.write(`slipway lint: ${(error as Error).message}\n${usage}`);
    return 2;
  }
}

function readArguments(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      format: { type: 'string' },
      json: { type: 'boolean' },
      include: { type: 'string', multiple: true },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const name = values.format ?? (values.json === true ? 'json' : 'text');
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) throw new WrongValue(`there is no format "${name}"; it is text, json or sarif`);
  if (positionals.filter((file) => file === '-').length > 1)
    throw new Error('standard input can be read once');
  const files = positionals.length > 0 ? positionals : defaultFiles();
  const clones = readClones(values.include ?? []);
  return { files, format, isStrict: values.strict, isHelp: values.help === true, clones };
}

async function lintFile(file: string, clones: Clones): Promise<Linted> {
  const hasDockerfile = dockerfileBeside(file);
  const isDefault = file === PIPELINE_FILE && hasDockerfile && !existsSync(file);
  const input = isDefault ? DEFAULT_PIPELINE : await readLintInput(file);
  const name = file === '-' ? 'standard input' : isDefault ? 'default pipeline' : file;
  const own = { path: name, text: input };
  const included = await gatherIncluded(
    isForeignPath(file) ? [] : [own],
    readIncludedHere(rootOf(file), clones, 'elsewhere'),
  );
  return { file: name, problems: await lintBeside(file, own, { hasDockerfile, included }) };
}

const defaultFiles = (): readonly string[] => {
  const workflows = existsSync(PIPELINE_FILE) ? [] : workflowFiles(PIPELINE_FOLDER);
  return workflows.length > 0 ? workflows : [PIPELINE_FILE];
};

/** Problems of a file; one of several workflows is held against the others of its folder. */
async function lintBeside(file: string, own: PipelineFile, facts: Facts): Promise<readonly LintProblem[]> {
  const others = filesBeside(file).filter((one) => path.resolve(one) !== path.resolve(file));
  if (others.length === 0) return lintFileText(own.text, own.path, facts);
  const files = await Promise.all(
    others.map(async (one): Promise<PipelineFile> => ({ path: one, text: await readLintInput(one) })),
  );
  // Of what others include nothing was read: only what they are named and wait for counts here.
  return lintWorkflows([own, ...files], facts).filter((problem) => !others.includes(problem.file));
}

/** What is wrong with a file that several of them include is shown with the first. */
function eachOnce(linted: readonly Linted[]): readonly Linted[] {
  const shown = new Set<string>();
  return linted.map(({ file, problems }) => ({
    file,
    problems: problems.filter((problem) => {
      if (problem.file === file) return true;
      const key = JSON.stringify([problem.file, problem.line, problem.column, problem.message]);
      return !shown.has(key) && shown.add(key);
    }),
  }));
}

function asJson(linted: readonly Linted[]): string {
  const view: LintView = { ok: !linted.some(hasErrors), problems: linted.flatMap((one) => one.problems) };
  return `${JSON.stringify(view, null, 2)}\n`;
}

function asText(linted: readonly Linted[]): string {
  return linted
    .map(({ file, problems }) => {
      const list = formatProblems(problems, paint);
      return `${list}${list === '' ? '' : '\n'}${file}: ${countProblems(problems)}\n`;
    })
    .join('\n');
}

const hasErrors = ({ problems }: Linted): boolean => problems.some(({ severity }) => severity === 'error');
const hasProblems = ({ problems }: Linted): boolean => problems.length > 0;
