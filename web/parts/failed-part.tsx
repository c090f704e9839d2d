import { useState } from 'preact/hooks';
import { isEnd } from '../../src/core/status.ts';
import type { BuildView, FailedPartView } from '../../src/core/views/build-view.ts';
import { api, segment } from '../api.ts';
import { useLoad, Waiting } from './load.tsx';

/** Whether what failed of a build can be run again alone. */
export function hasFailedPart({ status, workflows }: BuildView): boolean {
  return isEnd(status) && status !== 'success' && workflows.some((workflow) => workflow.status !== 'success');
}

/** What "Re-run failed" would do, and why a step that was green may be among it; asked for when it is opened. */
export function FailedPart({ build }: { build: BuildView }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="failed-part" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What does “Re-run failed” run?</summary>
      <p>
        What did not end green, with the steps before it, whose files went with the workspace, and those after
        it; and workflows that wait for one of these, whole. It runs as this build was planned. A workflow of
        which a part runs does so in the same image. What was green is taken over.
      </p>
      {isOpen && <Parts build={build} />}
    </details>
  );
}

function Parts({ build }: { build: BuildView }) {
  const { value: parts, error } = useLoad(`failed part of ${build.id}`, () =>
    api<readonly FailedPartView[]>('GET', `/builds/${segment(build.id)}/failed-part`),
  );
  if (parts === null) return <Waiting error={error} what="the failed part" />;
  const several = build.workflows.length > 1;
  return (
    <ul>
      {parts.map((part) => (
        <li key={part.workflow}>
          {several && `${part.workflow}: `}
          {wordsOf(part)}
        </li>
      ))}
    </ul>
  );
}

function wordsOf({ again, kept, afterFailure }: FailedPartView): string {
  const number = (names: readonly string[], one: string, many: string): string =>
    `${names.join(', ')} ${names.length === 1 ? one : many}`;
  return [
    again.length === 0 ? 'no step runs again' : number(again, 'runs again', 'run again'),
    ...(kept.length === 0 ? [] : [number(kept, 'stays green', 'stay green')]),
    ...(afterFailure.length === 0
      ? []
      : [number(afterFailure, 'runs only after a failure', 'run only after a failure')]),
  ].join('; ');
}
