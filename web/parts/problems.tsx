import type { Excerpt, LintProblemView } from '../../src/core/views/lint-view.ts';
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
          <li
            key={`${problem.file}:${problem.line}:${problem.column}:${problem.code}`}
            class={`problem-${problem.severity}`}
          >
            <code>
              {problem.file}:{problem.line}:{problem.column}
            </code>{' '}
            <strong>
              {problem.severity === 'warning' ? 'warning: ' : ''}
              <Words text={problem.message} />
            </strong>
            {problem.excerpt !== undefined && <Line number={problem.line} excerpt={problem.excerpt} />}
            <span class="row-note">
              <Words text={problem.fix} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The line of the file, with what the problem is about underlined. */
function Line({ number, excerpt }: { number: number; excerpt: Excerpt }) {
  const { text, start, length } = excerpt;
  return (
    <pre class="problem-line">
      <span>{number}</span>
      {text.slice(0, start)}
      <mark>{text.slice(start, start + length) || ' '}</mark>
      {text.slice(start + length)}
    </pre>
  );
}
