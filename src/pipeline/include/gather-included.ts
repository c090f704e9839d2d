import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { newBuildRoom } from '../build-room.ts';
import type { FileInput } from '../decode.ts';
import type { PipelineFile } from '../pipeline-files.ts';
import { keyOf, type IncludedFile, type IncludedFiles, type IncludeRef } from './included-file.ts';
import { includesOf } from './includes-of.ts';

/** What is at some places, in their order. */
export type ReadIncluded = (refs: readonly IncludeRef[]) => Promise<readonly IncludedFile[]>;

/** Each of them may be as large as all of them together may be. */
const AT_ONCE = 10;

/**
 * Reads whatever files include, and what that includes, each once: `read` is asked for some of a level at a time. It ends
 * at the limits of depth, number, size and tokens, where the plan has its problem anyway.
 */
export async function gatherIncluded(
  files: readonly PipelineFile[],
  read: ReadIncluded,
): Promise<IncludedFiles> {
  const found = new Map<string, IncludedFile>();
  const room = newBuildRoom();
  let bytes = 0;
  let wanted = unique(files.flatMap(({ text }) => includesOf(text, null, room)));
  for (let depth = 0; depth < PIPELINE_LIMITS.includeDepth && wanted.length > 0; depth++) {
    const asked = wanted.slice(0, PIPELINE_LIMITS.includes - found.size);
    const next: IncludeRef[] = [];
    for (let at = 0; at < asked.length && bytes <= PIPELINE_LIMITS.bytes; at += AT_ONCE) {
      const some = asked.slice(at, at + AT_ONCE);
      const answers = await read(some);
      some.forEach((ref, index) => {
        const answer = answers[index] ?? { kind: 'missing' };
        found.set(keyOf(ref), answer);
        if (answer.kind !== 'file') return;
        bytes += sizeOf(answer.text);
        if (bytes <= PIPELINE_LIMITS.bytes) next.push(...includesOf(answer.text, ref.origin, room));
      });
    }
    wanted = unique(next).filter((ref) => !found.has(keyOf(ref)));
  }
  return found;
}

function unique(refs: readonly IncludeRef[]): readonly IncludeRef[] {
  return [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()];
}

function sizeOf(text: FileInput): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return text instanceof Uint8Array ? text.byteLength : PIPELINE_LIMITS.bytes;
}
