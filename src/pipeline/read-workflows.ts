import { checkPipeline, type Facts } from './check/check-pipeline.ts';
import { checkWorkflows } from './check/check-workflows.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { newBuildRoom } from './build-room.ts';
import type { FileInput } from './decode.ts';
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
  let left: number = PIPELINE_LIMITS.bytes;
  const room = newBuildRoom();
  const workflows = [...files].sort(byPath).map(({ path, text }): ReadWorkflow => {
    // Together they may be as long as one may be, so that a folder, too, is read within a second.
    const bytes = bytesOf(text);
    left -= bytes;
    const { spec, isWhole, report } = readPipeline(
      left < 0 && bytes <= PIPELINE_LIMITS.bytes ? { bytes: PIPELINE_LIMITS.bytes - left } : text,
      path,
      facts.included,
      room,
    );
    if (spec !== null) checkPipeline(spec, facts, report, isWhole, room);
    return { name: workflowNameOf(path), file: path, spec, isWhole, report };
  });
  checkWorkflows(workflows);
  return workflows;
}

function bytesOf(text: FileInput): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return text instanceof Uint8Array ? text.byteLength : 0;
}

const byPath = (a: PipelineFile, b: PipelineFile): number => (a.path < b.path ? -1 : Number(a.path > b.path));
