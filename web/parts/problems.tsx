import type { LintProblemView } from '../../src/core/view.ts';
import { Words } from './words.tsx';

/** What lint says of the pipeline file, each with its place and its fix. */
export function Problems({
  problems,
  warnings,
}: {
  problems: readonly LintProblemView[];
  warnings: readonly LintProblemView[];
}) {
  if (problems.length + warnings.length === 0) return null;
  return (
    <section class={problems.length > 0 ? 'box box-error' : 'box box-warning'} aria-label="Pipeline file">
      <ul class="problems">
        {[...problems, ...warnings].map((problem) => (
          <li key={`${problem.file}:${problem.line}:${problem.column}:${problem.code}`}>
            <code>
              {problem.file}:{problem.line}:{problem.column}
            </code>{' '}
            <strong>
              {problem.severity === 'warning' ? 'warning: ' : ''}
              <Words text={problem.message} />
            </strong>
            <span class="row-note">
              <Words text={problem.fix} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
