import { newBuildRoom } from './build-room.ts';
import { decode, type FileInput } from './decode.ts';
import { withCloneSteps } from './clone-steps.ts';
import { pipelineRecord } from './grammar/pipeline.ts';
import type { PipelineSpec } from './grammar/pipeline.ts';
import type { IncludedFiles } from './include/included-file.ts';
import { mergeIncluded } from './include/merge-included.ts';
import { parseYaml } from './parse-yaml.ts';
import { createReport } from './report.ts';
import type { Report } from './report.ts';
import { cursorAt } from './shape/cursor.ts';

/** What a file says, with what it includes, before it is held against an event. */
export interface ReadPipeline {
  /** Null when the text could not be read at all. With errors in the report some of it is blank. */
  readonly spec: PipelineSpec | null;
  /** False where a file that it includes could not be looked at. */
  readonly isWhole: boolean;
  readonly report: Report;
}

/** Bytes or text → YAML → the grammar, and the same for what is included. Everything wrong is in the report. */
export function readPipeline(
  input: FileInput,
  file: string,
  included?: IncludedFiles,
  room = newBuildRoom(),
): ReadPipeline {
  const { text, wrong } = decode(input);
  const report = createReport(file, text);
  if (wrong !== null) {
    report.add(wrong.code, { span: wrong.span, path: '' }, wrong.details);
    return { spec: null, isWhole: true, report };
  }
  const tree = parseYaml(text, report, room);
  const root = tree === null ? null : cursorAt(tree, report, room);
  if (root === null) return { spec: null, isWhole: true, report };
  const { spec, isWhole } = mergeIncluded(pipelineRecord.read(root), file, included, room, report);
  return { spec: withCloneSteps(spec), isWhole, report };
}
