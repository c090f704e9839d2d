import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { newBuildRoom } from '../build-room.ts';
import type { FileInput } from '../decode.ts';
import type { PipelineFile } from '../pipeline-files.ts';
import { keyOf, originKey, type IncludedFile, type IncludedFiles, type IncludeRef } from './included-file.ts';
import { includesOf } from './includes-of.ts';

/** What is at some places, in their order. */
export type ReadIncluded = (refs: readonly IncludeRef[]) => Promise<readonly IncludedFile[]>;

/** Files that are in memory at once before they are counted. */
const READ_AT_ONCE = 10;

/**
 * Reads whatever files include, and what that includes, each once, level by level. It ends at the limits of depth,
 * number, size and tokens, where the plan has its problem anyway; what is beyond them is not kept. Of commits of other projects
 * beyond their number it says so.
 */
export async function gatherIncluded(
  files: readonly PipelineFile[],
  read: ReadIncluded,
): Promise<IncludedFiles> {
  const found = new Map<string, IncludedFile>();
  const room = newBuildRoom();
  const origins = new Set<string>();
  let bytes = 0;

  const mayBeRead = (ref: IncludeRef): boolean => {
    if (ref.origin === null || origins.has(originKey(ref.origin))) return true;
    if (origins.size < PIPELINE_LIMITS.includedCommits) {
      origins.add(originKey(ref.origin));
      return true;
    }
    found.set(keyOf(ref), TOO_MANY_COMMITS);
    return false;
  };

  let wanted = unique(files.flatMap(({ text }) => includesOf(text, null, room)));
  for (let depth = 0; depth < PIPELINE_LIMITS.includeDepth && wanted.length > 0; depth++) {
    const asked = wanted.slice(0, PIPELINE_LIMITS.includes - found.size).filter(mayBeRead);
    const next: IncludeRef[] = [];
    for (let at = 0; at < asked.length; at += READ_AT_ONCE) {
      const some = asked.slice(at, at + READ_AT_ONCE);
      const answers = await read(some);
      for (const [index, ref] of some.entries()) {
        const answer = answers[index] ?? { kind: 'missing' };
        if (answer.kind === 'file') {
          bytes += sizeOf(answer.text);
          if (bytes > PIPELINE_LIMITS.bytes) return found.set(keyOf(ref), TOO_LARGE);
          next.push(...includesOf(answer.text, ref.origin, room));
        }
        found.set(keyOf(ref), answer);
      }
    }
    wanted = unique(next).filter((ref) => !found.has(keyOf(ref)));
  }
  return found;
}

const TOO_MANY_COMMITS: IncludedFile = {
  kind: 'refused',
  cause: `a build reads at most ${PIPELINE_LIMITS.includedCommits} commits of other projects`,
  fix: 'Name one commit for all files of a project, and fewer projects.',
};

const TOO_LARGE: IncludedFile = {
  kind: 'refused',
  cause: `the files that are included have more than ${PIPELINE_LIMITS.bytes} bytes together with it`,
  fix: 'Include fewer or smaller files.',
};

function unique(refs: readonly IncludeRef[]): readonly IncludeRef[] {
  return [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()];
}

/** Of what is kept: of a file that is too large, which is a problem of its own, nothing is. */
function sizeOf(text: FileInput): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return text instanceof Uint8Array ? text.byteLength : 0;
}
