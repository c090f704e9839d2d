import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { newConvertRoom, TooManyValues, type ConvertRoom } from './convert-room.ts';
import type { Converted, ConvertedWorkflow, Format, InputFile } from './converted.ts';
import { readDrone } from './drone/read-documents.ts';
import { readGithub } from './github/read-file.ts';
import { newRun, noteUnused, type Run } from './github/run.ts';
import { isMain } from './gitlab/includes.ts';
import { readGitlab } from './gitlab/read-file.ts';
import { needThere } from './need-there.ts';
import { uniqueNames, workflowNameOf } from './names.ts';
import { openFile } from './open-file.ts';
import type { ForeignFile } from './open-file.ts';
import { asOfCore, asOfRuby, asWritten, type ScalarText } from './scalar-text.ts';
import { leaveOutWaiting } from './woodpecker/leave-out-waiting.ts';
import { readWoodpecker } from './woodpecker/read-workflow.ts';
import type { ReadWorkflow } from './workflow.ts';
import { writeWorkflow } from './write-workflow.ts';

/**
 * Files of one format, as workflows of ours. Pure; never throws.
 * @param room Shared by all of them, where they are those of a build; absent: each may be as large as one may be.
 * @param repository `owner/name` of the repository on GitHub; null where that is not known.
 */
export function convertFiles(
  inputs: readonly InputFile[],
  format: Format,
  room?: ConvertRoom,
  repository: string | null = null,
): Converted {
  const scalar = SCALARS[format] ?? asWritten;
  const opened = new Map(
    inputs.map((input) => [input.path, openFile(input, room ?? newConvertRoom(), scalar)]),
  );
  const files = [...opened.values()];
  const isReadable = files.every(({ report }) => !report.hasErrors());
  const workflows = isReadable ? read(files, format, repository) : [];
  if (workflows.length > PIPELINE_LIMITS.files) noteMany(workflows);
  for (const { documents, report } of files)
    for (const { root } of documents) if (!report.hasErrors()) bounded(report, () => root.noteRest());
  return {
    format,
    workflows: workflows.map((one) => write(one, files)),
    notes: files.flatMap(({ report }) => report.list()),
    needless: files.flatMap(({ name, documents }) =>
      documents.flatMap(({ root }) =>
        [...root.needless].map(([path, one]) => ({ file: name, path, ...one })),
      ),
    ),
  };
}

/** What numbers without quotes are where the format's product does not keep them as they are written. */
const SCALARS: Partial<Record<Format, ScalarText>> = { github: asOfCore, gitlab: asOfRuby };

function noteMany(workflows: readonly ReadWorkflow[]): void {
  const { files } = PIPELINE_LIMITS;
  workflows[files]?.document.root.changes(
    `all jobs together become ${workflows.length} workflows, and a folder has ${files} files at most`,
    'Write jobs as steps of one workflow, or as a `matrix`.',
  );
}

function read(
  files: readonly ForeignFile[],
  format: Format,
  repository: string | null,
): readonly ReadWorkflow[] {
  const run = newRun(repository);
  const own = files.filter(({ isBeside }) => !isBeside);
  const every = own.flatMap((file) => bounded(file.report, () => READERS[format](file, files, run)) ?? []);
  if (format === 'github') noteUnused(files, run);
  if (format === 'gitlab') useUnread(files);
  const all = WAITING[format]?.(every, new Set(files.map(({ name }) => nameOf(name)))) ?? every;
  const unique = uniqueNames();
  return all.map((one) => ({ ...one, name: unique(all.length === 1 ? 'default' : one.name) }));
}

/** What was not named but found is let be. */
function useUnread(files: readonly ForeignFile[]): void {
  for (const { documents, isBeside } of files)
    for (const { root } of documents) if (isBeside && root.isUnread) root.use();
}

/** What follows for workflows from those that they wait for. */
const WAITING: Partial<
  Record<Format, (read: readonly ReadWorkflow[], names: ReadonlySet<string>) => readonly ReadWorkflow[]>
> = {
  woodpecker: (read, names) => needThere(leaveOutWaiting(read, names)),
  // A job with a condition on the outcome runs after one that is skipped, and a call is not, whatever its jobs are.
  github: (read) =>
    needThere(
      read,
      (one, other) =>
        one.out.entries.every(({ key }) => key !== 'runs_on') &&
        `${one.scope ?? ''}-`.startsWith(other.scope === '' ? '' : `${other.scope ?? ''}-`),
    ),
};

type Reader = (file: ForeignFile, files: readonly ForeignFile[], run: Run) => readonly ReadWorkflow[];

const READERS: Readonly<Record<Format, Reader>> = {
  woodpecker: (file) => {
    const [first, ...more] = file.documents;
    for (const { root } of more)
      root.leaveOut('a file is one workflow there, which ends at `---`', 'Write it in a file of its own.');
    return first === undefined ? [] : [readWoodpecker(nameOf(file.name), file, first) ?? []].flat();
  },
  drone: readDrone,
  gitlab: (file, files) => (file === mainOf(files) ? readGitlab(file, files) : []),
  github: readGithub,
};

/** The file that includes the others. */
function mainOf(files: readonly ForeignFile[]): ForeignFile | undefined {
  return files.find(({ name }) => isMain(name)) ?? files[0];
}

/** A file with more values than are read is refused as a whole. */
function bounded<T>(report: ForeignFile['report'], work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TooManyValues)) throw error;
    report.add(
      'too_complex',
      { span: { offset: 0, length: 1 }, path: '' },
      { what: error.what, limit: error.limit },
    );
    return null;
  }
}

function write(
  { name, out, file, document }: ReadWorkflow,
  files: readonly ForeignFile[],
): ConvertedWorkflow {
  return { name, ...writeWorkflow(out, file, document, files) };
}

/** `.woodpecker/test.yml` is the workflow `test`; of two endings Woodpecker takes both. */
function nameOf(path: string): string {
  const base = path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.yml$/, '')
    .replace(/\.yaml$/, '');
  return workflowNameOf(base);
}
