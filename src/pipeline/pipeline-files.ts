import type { FileInput } from './decode.ts';

/** Name of the pipeline file, at the repository's root. */
export const PIPELINE_FILE = 'slipway.yml';

/** Folder whose files are workflows, where there is no such file. */
export const PIPELINE_FOLDER = '.slipway';

/** What a repository with a Dockerfile and no file gets: the image is built and published. */
export const DEFAULT_PIPELINE = 'image: {}\npush: {}\n';

/** Name of the one workflow of {@link PIPELINE_FILE}. */
export const DEFAULT_WORKFLOW = 'default';

/** A pipeline file at a commit; its path names it in messages. */
export interface PipelineFile {
  readonly path: string;
  readonly text: FileInput;
}

/** Whether a name in the folder is that of a workflow's file. Pure. */
export function isWorkflowFile(name: string): boolean {
  return /^[^.\p{Cc}][^\p{Cc}]*\.ya?ml$/iu.test(name);
}

/** The name of the workflow that a file is: its own without folder and ending; of a file elsewhere the default's. Pure. */
export function workflowNameOf(path: string): string {
  const [, name] = /(?:^|[\\/])\.[^\\/]+[\\/]([^\\/]+)\.ya?ml$/i.exec(path) ?? [];
  return name ?? DEFAULT_WORKFLOW;
}
