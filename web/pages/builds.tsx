import { useEffect, useState } from 'preact/hooks';
import type { BuildSummary, Page } from '../../src/core/view.ts';
import { api, segment } from '../api.ts';
import { firstLine } from '../format.ts';
import { Empty, useLoad, Waiting } from '../parts/load.tsx';
import { Reference } from '../parts/reference.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { Ago, Took } from '../parts/time.tsx';
import { openStream } from '../stream.ts';

/** All builds, newest first, as they change. */
export function BuildsPage() {
  const project = new URLSearchParams(location.search).get('project');
  const filter = project === null ? '' : `&project=${segment(project)}`;
  const page = useLoad(`builds${filter}`, () => api<Page<BuildSummary>>('GET', `/builds?limit=50${filter}`));
  const [older, setOlder] = useState<readonly BuildSummary[]>([]);
  const [next, setNext] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    document.title = 'Builds · Slipway';
    return openStream({ builds: true }, (message) => {
      if (message.type !== 'builds' || (project !== null && message.build.projectPath !== project)) return;
      page.set((shown) => (shown === null ? shown : { ...shown, items: upsert(shown.items, message.build) }));
    });
  }, [project]);
  if (page.value === null) return <Waiting error={page.error} what="builds" />;
  const following = next === undefined ? page.value.next : next;
  const more = async (): Promise<void> => {
    const answer = await api<Page<BuildSummary>>(
      'GET',
      `/builds?limit=50&before=${segment(following ?? '')}${filter}`,
    );
    setOlder([...older, ...answer.items]);
    setNext(answer.next);
  };
  const builds = [...page.value.items, ...older];
  return (
    <>
      <h1>{project === null ? 'Builds' : `Builds of ${project}`}</h1>
      {builds.length === 0 ? (
        <Empty title="No builds yet">
          <p>
            Add a <a href="/projects">project</a>, point its webhook here, and push.
          </p>
        </Empty>
      ) : (
        <ul class="rows">
          {builds.map((build) => (
            <BuildRow key={build.id} build={build} />
          ))}
        </ul>
      )}
      {following !== null && (
        <button type="button" onClick={() => void more()}>
          Older builds
        </button>
      )}
    </>
  );
}

/** One build as a line: what it is of, how it is, how long. */
export function BuildRow({ build }: { build: BuildSummary }) {
  return (
    <li class="row">
      <StatusBadge status={build.status} />
      <a class="row-main" href={`/builds/${build.id}`}>
        <span class="row-title">
          <span class="project">{build.projectPath}</span> <span class="number">#{build.number}</span>{' '}
          {firstLine(build.message)}
        </span>
        {build.waiting !== null && (
          <span class="row-note">
            place {build.waiting.place}: {build.waiting.why}
          </span>
        )}
        {build.waiting === null && build.reason !== null && <span class="row-note">{build.reason}</span>}
      </a>
      <span class="row-side">
        <Reference build={build} />
        <span class="author">{build.author}</span>
      </span>
      <span class="row-time">
        <Ago atMs={build.createdAtMs} />
        <Took fromMs={build.startedAtMs} toMs={build.finishedAtMs} />
      </span>
    </li>
  );
}

function upsert(builds: readonly BuildSummary[], build: BuildSummary): readonly BuildSummary[] {
  const known = builds.some((other) => other.id === build.id);
  return known ? builds.map((other) => (other.id === build.id ? build : other)) : [build, ...builds];
}
