import type { Converted } from '../../../src/convert/converted.ts';
import { lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import type { LintProblem } from '../../../src/pipeline/lint-problem.ts';

/** Errors that lint finds in what files were converted to, each where that stood in them. */
export function lintConverted({ workflows }: Converted): readonly LintProblem[] {
  const paths = new Map(
    workflows.map((one) => [one.name === 'default' ? 'slipway.yml' : `.slipway/${one.name}.yml`, one]),
  );
  return lintWorkflows(
    [...paths].map(([path, { text }]) => ({ path, text })),
    { hasDockerfile: false },
  )
    .filter(({ severity }) => severity === 'error')
    .map((problem) => paths.get(problem.file)?.toOrigin(problem) ?? problem);
}

/**
 * Those of them that no note has spoken of: it stands at the same value, above it or in it, or is of the whole as the error
 * is.
 */
export function unannounced(converted: Converted): readonly LintProblem[] {
  const { notes, format } = converted;
  // What is included stands in a file of its own, and its places in the one that includes it.
  const isOfFile = (note: LintProblem, problem: LintProblem) =>
    format === 'gitlab' || note.file === problem.file;
  return lintConverted(converted).filter(
    (problem) =>
      !notes.some(
        (note) =>
          (isOfFile(note, problem) && isNear(note.path, problem.path)) ||
          (problem.code === 'too_complex' && note.message.includes('and a folder has')),
      ),
  );
}

function isNear(one: string, other: string): boolean {
  const isIn = (part: string, whole: string) =>
    part === whole || part.startsWith(`${whole}.`) || part.startsWith(`${whole}[`);
  return isIn(one, other) || isIn(other, one);
}
