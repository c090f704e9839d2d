import { useState } from 'preact/hooks';
import { addCounts, countsText } from '../../src/core/test-report.ts';
import type { BuildTestsView, TestRunView, TestView } from '../../src/core/views/tests-view.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { api, segment } from '../api.ts';
import { formatDuration } from '../format.ts';
import { ErrorBox, useLoad } from './load.tsx';
import { Ago } from './time.tsx';

interface TestsProps {
  readonly build: BuildView;
  readonly onShow: (logId: string) => void;
}

/** What the test reports of a build said: those that did not pass and flaky ones, the others when asked for. */
export function Tests({ build, onShow }: TestsProps) {
  const attempts = build.workflows.flatMap(({ steps }) => steps).flatMap((step) => step.attempts);
  const counted = attempts.flatMap(({ tests }) => (tests === undefined ? [] : [tests]));
  const [all, setAll] = useState(false);
  const [pages, setPages] = useState(1);
  const limit = Math.min(PAGE * pages, MOST);
  // With every report, and at the build's end, there may be more to show.
  const version = `${counted.length} ${JSON.stringify(addCounts(counted))} ${build.status}`;
  const path = `/builds/${segment(build.id)}/tests?show=${all ? 'all' : 'failed'}&limit=${limit}`;
  const { value, error } = useLoad(`${path} ${version}`, () => api<BuildTestsView>('GET', path));
  const [kept, keep] = useState<BuildTestsView | null>(null);
  if (value !== null && value !== kept) keep(value);
  const tests = value ?? kept;
  if (error !== null) return <ErrorBox error={error} />;
  if (tests === null || tests.reports.length + tests.missing.length === 0) return null;
  return (
    <section class="card tests" aria-label="Tests">
      <h2>
        Tests <span class="note">{countsText(tests.counts)}</span>
      </h2>
      {tests.missing.map((step) => (
        <p key={step} class="note">
          {step} sent no report: its worker is older than this server, or ended before it could.
        </p>
      ))}
      {tests.reports.map(({ attemptId, step, note }) =>
        note === null ? null : (
          <p key={attemptId} class="note">
            {step}: {note}
          </p>
        ),
      )}
      <ol class="test-list">
        {tests.items.map((test) => (
          <Test key={`${test.logId} ${test.key}`} test={test} build={build} onShow={onShow} />
        ))}
      </ol>
      <p class="test-more">
        {tests.next !== null && limit < MOST && (
          <button type="button" class="quiet" onClick={() => setPages(pages + 1)}>
            Show more
          </button>
        )}
        <button type="button" class="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
          {all ? 'Only what did not pass' : 'All tests'}
        </button>
      </p>
    </section>
  );
}

const PAGE = 50;
/** That the API gives at once. */
const MOST = 200;

function Test({ test, build, onShow }: { test: TestView } & TestsProps) {
  const [open, setOpen] = useState(false);
  const failed = test.status === 'failed' || test.status === 'error';
  return (
    <li class={`test test-${test.status}`}>
      <p class="test-head">
        <span class={`test-status ${failed ? 'test-bad' : ''}`}>{test.status}</span>
        {test.flaky && (
          <span class="test-flaky" title="On this very commit it has passed and it has not.">
            flaky
          </span>
        )}
        <strong class="break">{test.name}</strong>
        <span class="note break">
          {test.suite}
          {test.durationMs !== null && ` · ${formatDuration(test.durationMs)}`}
        </span>
      </p>
      {test.file !== null && (
        <p class="test-place break">
          <code>{test.line === null ? test.file : `${test.file}:${test.line}`}</code>
        </p>
      )}
      {test.message !== null && (
        <pre class="test-message" tabIndex={0}>
          {test.message}
        </pre>
      )}
      <p class="test-more">
        <button type="button" class="quiet" onClick={() => onShow(test.logId)}>
          Log of {test.step}
        </button>
        <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          History
        </button>
      </p>
      {open && <TestHistory projectId={build.projectId} test={test} />}
    </li>
  );
}

function TestHistory({ projectId, test }: { projectId: string; test: TestView }) {
  const path = `/projects/${segment(projectId)}/tests?test=${segment(test.key)}`;
  const { value, error } = useLoad(path, () => api<readonly TestRunView[]>('GET', path));
  if (error !== null) return <ErrorBox error={error} />;
  return (
    <ol class="test-history" aria-label={`History of ${test.name}`}>
      {(value ?? []).map((run, index) => (
        <li key={`${run.buildId} ${index}`}>
          <span class={`test-status ${run.status === 'failed' || run.status === 'error' ? 'test-bad' : ''}`}>
            {run.status}
          </span>
          <a href={`/builds/${run.buildId}`}>#{run.buildNumber}</a>
          <span class="note">
            {run.refName} <code>{run.commit.slice(0, 8)}</code> <Ago atMs={run.atMs} />
          </span>
        </li>
      ))}
    </ol>
  );
}
