import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { isPipelineFileIn } from '../convert/read-foreign.ts';
import type { FileInput } from '../pipeline/decode.ts';
import { PIPELINE_FILE, PIPELINE_FOLDER } from '../pipeline/pipeline-files.ts';

/** A file that is not there, or not for us; its message is for the person who named it. */
export class UnreadableFile extends Error {}

const UNREADABLE: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `There is no file ${file}. Name the pipeline file, or run it where ${PIPELINE_FILE} is.`,
  ENOTDIR: (file) => `There is no file ${file}. Name the pipeline file, or run it where ${PIPELINE_FILE} is.`,
  EISDIR: (file) => `${file} is a folder. Name the pipeline file in it.`,
  EACCES: (file) => `${file} may not be read. Change its rights, or run it as another user.`,
};

/**
 * What a file holds, or `-`, standard input. Of one that is too large no more is read than shows that.
 * @throws UnreadableFile, with what to do.
 */
export async function readLintInput(file: string): Promise<FileInput> {
  const most = PIPELINE_LIMITS.bytes;
  if (file === '-') return (await readUpTo(process.stdin, most)) ?? { bytes: null };
  try {
    const content = await readUpTo(createReadStream(file, { end: most }), most);
    if (content !== null) return content;
    const { size } = await stat(file);
    return { bytes: size > most ? size : null };
  } catch (error) {
    const words = UNREADABLE[(error as NodeJS.ErrnoException).code ?? ''];
    throw words === undefined ? error : new UnreadableFile(words(file), { cause: error });
  }
}

/** The files of a folder that are workflows, sorted; none where there is no such folder. */
export function workflowFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const base = path.basename(path.resolve(folder));
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isPipelineFileIn(base, entry.name))
    .map(({ name }) => path.join(folder, name))
    .sort();
}

/** The files that are planned together with this one: those of its folder where it is a workflow of several. */
export function filesBeside(file: string): readonly string[] {
  const folder = path.dirname(file);
  if (path.basename(path.resolve(folder)) !== PIPELINE_FOLDER) return [file];
  const files = workflowFiles(folder);
  return files.some((one) => path.resolve(one) === path.resolve(file)) ? files : [file];
}

/** Whether a Dockerfile lies beside the file, or its folder; for standard input in the current folder. */
export function dockerfileBeside(file: string): boolean {
  return existsSync(path.join(rootOf(file), 'Dockerfile'));
}

/** The folder that a pipeline file is of, or its folder of workflows; for standard input the current one. */
export function rootOf(file: string): string {
  const folder = path.dirname(file);
  const isInFolder = path.basename(path.resolve(folder)) === PIPELINE_FOLDER;
  return path.join(folder, isInFolder ? '..' : '.');
}

/** Null for more than `most` bytes; the rest of the stream is left. */
async function readUpTo(stream: NodeJS.ReadableStream, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).byteLength;
    if (bytes > most) return null;
  }
  return Buffer.concat(chunks);
}
