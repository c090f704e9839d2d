import { convertFiles } from './convert-files.ts';
import { PIPELINE_FOLDER, isWorkflowFile } from '../pipeline/pipeline-files.ts';
import { newConvertRoom } from './convert-room.ts';
import type { Converted, Format, InputFile } from './converted.ts';

/**
 * Files that are run as they are where a repository has none of ours, in the order in which they are looked for. Of the
 * folder those that lie in it itself, hidden ones too, and of two endings one, as Woodpecker has it.
 */
const PLACES: readonly { readonly format: Format; readonly has: (path: string) => boolean }[] = [
  { format: 'woodpecker', has: (path) => /^\.woodpecker\/[^/\p{Cc}]*\.ya?ml$/u.test(path) },
  { format: 'woodpecker', has: (path) => path === '.woodpecker.yaml' },
  { format: 'woodpecker', has: (path) => path === '.woodpecker.yml' },
  { format: 'drone', has: (path) => path === '.drone.yml' },
  { format: 'drone', has: (path) => path === '.drone.yaml' },
];

/** Where they are, in the order in which they are looked for. */
export const FOREIGN_PLACES: readonly string[] = [
  '.woodpecker',
  '.woodpecker.yaml',
  '.woodpecker.yml',
  '.drone.yml',
  '.drone.yaml',
];

/** Whether a path of a repository may be one of them. */
export function isForeignPath(path: string): boolean {
  return PLACES.some(({ has }) => has(path));
}

/** Whether a name in a folder at the root, ours or another product's, is that of a pipeline file. */
export function isPipelineFileIn(folder: string, name: string): boolean {
  return folder === PIPELINE_FOLDER ? isWorkflowFile(name) : isForeignPath(`${folder}/${name}`);
}

/**
 * Of a repository's files those of the first place that has any, as workflows of ours, within the limits of a build; null
 * where there are none.
 */
export function readForeign(files: readonly InputFile[]): Converted | null {
  for (const { format, has } of PLACES) {
    const found = files.filter(({ path }) => has(path));
    if (found.length > 0)
      return convertFiles(
        [...found].sort((a, b) => (a.path < b.path ? -1 : 1)),
        format,
        newConvertRoom(),
      );
  }
  return null;
}
