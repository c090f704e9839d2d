import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { lintPipeline } from '../pipeline/lint-pipeline.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import { DEFAULT_PIPELINE, PIPELINE_FILE } from '../pipeline/plan-pipeline.ts';
import { countProblems, formatProblems } from './format-problems.ts';

const USAGE = `Usage: slipway lint [FILE…] [--json]

Checks pipeline files (${PIPELINE_FILE} by default; "-" is standard input) and shows every problem.
Exit status: 0 no errors, 1 errors, 2 wrong use or a file that cannot be read.
`;

interface Linted {
  readonly file: string;
  readonly text: string;
  readonly problems: readonly LintProblem[];
}

/** `slipway lint`. Gives the exit status. */
export async function lintCommand(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const files = positionals.length > 0 ? positionals : [PIPELINE_FILE];
    const linted = await Promise.all(files.map(lintFile));
    process.stdout.write(values.json ? asJson(linted) : asText(linted));
    return linted.some(hasErrors) ? 1 : 0;
  } catch (error) {
    if (error instanceof UnreadableFile) {
      process.stderr.write(`slipway lint: ${error.message}\n`);
      return 2;
    }
    process.stderr.write(`slipway lint: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
}

async function lintFile(file: string): Promise<Linted> {
  const hasDockerfile = existsSync(path.join(path.dirname(file), 'Dockerfile'));
  const isDefault = file === PIPELINE_FILE && hasDockerfile && !existsSync(file);
  const bytes = isDefault ? Buffer.from(DEFAULT_PIPELINE) : await readBytes(file);
  const name = file === '-' ? 'standard input' : isDefault ? 'default pipeline' : file;
  return { file: name, text: bytes.toString(), problems: lintPipeline(bytes, name, { hasDockerfile }) };
}

class UnreadableFile extends Error {}

const UNREADABLE: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `There is no file ${file}. Name the pipeline file, or run it where ${PIPELINE_FILE} is.`,
  EISDIR: (file) => `${file} is a folder. Name the pipeline file in it.`,
  EACCES: (file) => `${file} may not be read. Change its rights, or run it as another user.`,
};

async function readBytes(file: string): Promise<Buffer> {
  if (file !== '-')
    return readFile(file).catch((error: NodeJS.ErrnoException) => {
      const words = UNREADABLE[error.code ?? ''];
      throw words === undefined ? error : new UnreadableFile(words(file), { cause: error });
    });
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function asJson(linted: readonly Linted[]): string {
  const problems = linted.flatMap((one) => one.problems);
  return `${JSON.stringify({ ok: !linted.some(hasErrors), problems }, null, 2)}\n`;
}

function asText(linted: readonly Linted[]): string {
  const color = process.stdout.isTTY && process.stdout.hasColors() && !process.env['NO_COLOR'];
  return linted
    .map(({ file, text, problems }) => {
      const list = formatProblems(problems, text, { color });
      return `${list}${list === '' ? '' : '\n'}${file}: ${countProblems(problems)}\n`;
    })
    .join('\n');
}

const hasErrors = ({ problems }: Linted): boolean => problems.some(({ severity }) => severity === 'error');
