import { decode, type FileInput } from './decode.ts';
import { pipelineRecord } from './grammar/pipeline.ts';
import type { PipelineSpec } from './grammar/pipeline.ts';
import { parseYaml } from './parse-yaml.ts';
import { createReport } from './report.ts';
import type { Report } from './report.ts';
import { cursorAt } from './shape/cursor.ts';

/** What a file says, before it is held against an event. */
export interface ReadPipeline {
  /** Null when the text could not be read at all. With errors in the report some of it is blank. */
  readonly spec: PipelineSpec | null;
  readonly report: Report;
}

/** Bytes or text → YAML → the grammar. Everything wrong is in the report. */
export function readPipeline(input: FileInput, file: string): ReadPipeline {
  const { text, wrong } = decode(input);
  const report = createReport(file, text);
  if (wrong !== null) {
    report.add(wrong.code, { span: wrong.span, path: '' }, wrong.details);
    return { spec: null, report };
  }
  const tree = parseYaml(text, report);
  const root = tree === null ? null : cursorAt(tree, report);
  return { spec: root === null ? null : pipelineRecord.read(root), report };
}
