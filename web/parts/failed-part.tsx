import type { BuildView } from '../../src/core/view.ts';

/** What "Re-run failed" would do, and why a step that was green may be among it. */
export function FailedPart({ build }: { build: BuildView }) {
  const parts = build.failedPart;
  if (parts === undefined) return null;
  const several = build.workflows.length > 1;
  return (
    <details class="failed-part">
      <summary>What does “Re-run failed” run?</summary>
      <p>
        What did not end green, with the steps before it, whose files went with the workspace, and those after
        it. It runs as this build was planned, in the same image: nothing is built again. What was green is
        taken over.
      </p>
      <ul>
        {parts.map(({ workflow, again, kept }) => (
          <li key={workflow}>
            {several && `${workflow}: `}
            {again.length === 0
              ? 'no step runs again'
              : `${again.join(', ')} ${again.length === 1 ? 'runs' : 'run'} again`}
            {kept.length > 0 && `; ${kept.join(', ')} ${kept.length === 1 ? 'stays' : 'stay'} green`}
          </li>
        ))}
      </ul>
    </details>
  );
}
