import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { convertFiles } from '../convert/convert-files.ts';
import { FORMATS } from '../convert/converted.ts';
import type { Converted, Format, InputFile } from '../convert/converted.ts';
import { formatOf } from '../convert/format-of.ts';
import { PIPELINE_FILE } from '../pipeline/pipeline-files.ts';
import { countProblems, formatProblems } from './format-problems.ts';
import { WrongValue } from './call-server.ts';
import { readLintInput, UnreadableFile } from './lint-input.ts';
import { githubRepository } from './github-repository.ts';
import { withLocalFiles } from './local-files.ts';
import { paint } from './print.ts';

const FOLDER = '.slipway';

const USAGE = `Usage: slipway convert [FILE…] [--from ${FORMATS.join('|')}] [--write] [--strict]

Writes the ${PIPELINE_FILE} that does the same as a file of another product. Without a name it takes what it finds here:
.woodpecker/, .woodpecker.yml, .drone.yml, .gitlab-ci.yml or .github/workflows/. What is left out, or not quite the same,
is listed on standard error, each with its line and our way to say it. Files of the repository that those of GitHub name by
./…, and that those of GitLab include, are read, too.
  --from    the format, where neither path nor keys of the file say it
  --write   write ${PIPELINE_FILE}, or ${FOLDER}/<workflow>.yml for several workflows, instead of standard output;
            a file that is there is left as it is, and that is an error
  --strict  end with 1 when something is left out or not quite the same
Exit status: 0 converted, 1 a file that is no YAML or has nothing to run (with --strict, notes too), 2 wrong use or a
file that cannot be read.
`;

/** Where files of other products are, in the order in which they are looked for. */
const PLACES = [
  '.woodpecker/{*,.*,}.{yml,yaml}',
  '.woodpecker.yaml',
  '.woodpecker.yml',
  '.drone.yml',
  '.drone.yaml',
  '.gitlab-ci.yml',
  '.github/workflows/*.{yml,yaml}',
];

/** `slipway convert`. Gives the exit status. */
export async function convertCommand(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        write: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      process.stdout.write(USAGE);
      return 0;
    }
    const files = await readFiles(positionals);
    const format = chooseFormat(files, values.from);
    const converted = await convert(files, format);
    showNotes(converted);
    if (converted.workflows.length === 0) return 1;
    if (values.write) writeFiles(outputs(converted));
    else process.stdout.write(shown(outputs(converted)));
    return values.strict && converted.notes.length > 0 ? 1 : 0;
  } catch (error) {
    const isPlain = error instanceof UnreadableFile || error instanceof WrongValue;
    const usage = isPlain ? '' : `\n${USAGE}`;
    process.stderr.write(`slipway convert: ${(error as Error).message}\n${usage}`);
    return 2;
  }
}

async function convert(files: readonly InputFile[], format: Format): Promise<Converted> {
  const all = await withLocalFiles(files, format);
  if (format !== 'github') return convertFiles(all, format);
  const folder = path.dirname(files[0]?.path ?? '.');
  return convertFiles(all, format, undefined, await githubRepository(folder));
}

async function readFiles(names: readonly string[]): Promise<readonly InputFile[]> {
  const found =
    names.length > 0 ? names : (PLACES.map((place) => globSync(place)).find((all) => all.length > 0) ?? []);
  if (found.length === 0)
    throw new UnreadableFile(`There is no file of another product here. Name it, or run it where it is.`);
  const files: InputFile[] = [];
  for (const name of [...found].sort()) files.push({ path: name, content: await readLintInput(name) });
  return files;
}

function chooseFormat(files: readonly InputFile[], wanted: string | undefined): Format {
  if (wanted !== undefined) {
    const known = FORMATS.find((format) => format === wanted);
    if (known === undefined)
      throw new WrongValue(`there is no format "${wanted}"; it is ${FORMATS.join(', ')}`);
    return known;
  }
  // A file whose path says nothing is of the format of those whose paths do, which may include it.
  const [ofPaths, ...otherPaths] = new Set(files.flatMap(({ path: name }) => formatOf(name, '') ?? []));
  if (ofPaths !== undefined && otherPaths.length === 0) return ofPaths;
  const formats = files.map(({ path: name, content }) =>
    formatOf(name, Buffer.from(content as Uint8Array).toString()),
  );
  const [first] = formats;
  if (first === undefined || first === null)
    throw new Error(`the format of ${files[0]?.path ?? 'the file'} is not known; name it with --from`);
  if (formats.some((format) => format !== first))
    throw new Error('the files are of several formats; name one at a time');
  return first;
}

interface Output {
  readonly file: string;
  readonly text: string;
}

function outputs({ workflows }: Converted): readonly Output[] {
  return workflows.map(({ name, text }) => ({
    file: workflows.length === 1 ? PIPELINE_FILE : path.join(FOLDER, `${name}.yml`),
    text,
  }));
}

/** Several files with their names between them. */
function shown(all: readonly Output[]): string {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only.text;
  return all.map(({ file, text }) => `# ${file}\n${text}`).join('---\n');
}

/** @throws UnreadableFile when one is there already; then none is written. */
function writeFiles(all: readonly Output[]): void {
  const there = all.find(({ file }) => existsSync(file));
  if (there !== undefined)
    throw new UnreadableFile(`${there.file} is there already. Remove it, or convert to standard output.`);
  for (const { file, text } of all) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
    process.stdout.write(`${file}\n`);
  }
}

function showNotes({ notes, workflows }: Converted): void {
  const list = formatProblems(notes, paint);
  const count = workflows.length === 1 ? '1 workflow' : `${workflows.length} workflows`;
  process.stderr.write(`${list}${list === '' ? '' : '\n'}${count}, ${countProblems(notes)}\n`);
}
