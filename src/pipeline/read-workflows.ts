import { checkPipeline, type Facts } from './check/check-pipeline.ts';
import { checkWorkflows } from './check/check-workflows.ts';
import { newBuildRoom, takeBytes } from './build-room.ts';
import type { PipelineSpec } from './grammar/pipeline.ts';
import { workflowNameOf, type PipelineFile } from './pipeline-files.ts';
import { readPipeline } from './read-pipeline.ts';
import type { Report } from './report.ts';

/** A workflow's file, read and checked; everything wrong is in its report. */
export interface ReadWorkflow {
  readonly name: string;
  readonly file: string;
  /** Null when the text could not be read at all. */
  readonly spec: PipelineSpec | null;
  /** False where a file that it includes could not be looked at. */
  readonly isWhole: boolean;
  readonly report: Report;
}

/** The workflows of a repository in the order of their names: each file for itself, then all together. */
export function readWorkflows(files: readonly PipelineFile[], facts: Facts): readonly ReadWorkflow[] {
  const room = newBuildRoom();
  const workflows = [...files].sort(byPath).map(({ path, text }): ReadWorkflow => {
    const { spec, isWhole, report } = readPipeline(takeBytes(text, room), path, facts.included, room);
    if (spec !== null) checkPipeline(spec, facts, report, isWhole, room);
    return { name: workflowNameOf(path), file: path, spec, isWhole, report };
  });
  checkWorkflows(workflows);
  return workflows;
}

const byPath = (a: PipelineFile, b: PipelineFile): number => (a.path < b.path ? -1 : Number(a.path > b.path));
