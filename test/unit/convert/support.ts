import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { Converted, Format } from '../../../src/convert/converted.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

/** Names of the files that each format is known by. */
export const PATHS: Readonly<Record<Format, string>> = {
  woodpecker: '.woodpecker.yml',
  drone: '.drone.yml',
  gitlab: '.gitlab-ci.yml',
  github: '.github/workflows/ci.yml',
};

export function convert(format: Format, text: string): Converted {
  return convertFiles([{ path: PATHS[format], content: text }], format);
}

/** The one workflow that a file becomes. */
export function textOf(format: Format, text: string): string {
  const { workflows } = convert(format, text);
  if (workflows.length !== 1) throw new Error(`${workflows.length} workflows`);
  return workflows[0]?.text ?? '';
}

/** `line code: message`, for each note. */
export function notesOf(format: Format, text: string): readonly string[] {
  return convert(format, text).notes.map(({ line, code, message }) => `${line} ${code}: ${message}`);
}

/** Errors that lint finds in what a file becomes. */
export function errorsOf(format: Format, text: string): readonly string[] {
  return convert(format, text).workflows.flatMap((workflow) =>
    lintPipeline(workflow.text, workflow.name)
      .filter(({ severity }) => severity === 'error')
      .map(({ line, code, message }) => `${line} ${code}: ${message}`),
  );
}
