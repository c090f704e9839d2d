import { useLocation } from 'preact-iso';
import type { BuildSummary } from '../../src/core/views/build-view.ts';
import { segment } from '../api.ts';
import { BuildRow } from '../parts/build-row.tsx';
import { useStream } from '../parts/live.ts';
import { Empty, Waiting } from '../parts/load.tsx';
import { Older, usePages } from '../parts/pages.tsx';
import { useTitle } from '../parts/title.ts';

/** All builds, newest first, as they change. */
export function BuildsPage() {
  const project = useLocation().query['project'] ?? null;
  const pages = usePages<BuildSummary>(project === null ? '/builds' : `/builds?project=${segment(project)}`);
  const title = project === null ? 'Builds' : `Builds of ${project}`;
  useTitle(title);
  useStream(
    { builds: true },
    {
      onMessage: (message) => {
        if (message.type !== 'builds') return;
        if (project === null || message.build.projectPath === project) pages.put(message.build);
      },
    },
  );
  if (pages.items === null) return <Waiting error={pages.error} what="builds" />;
  return (
    <>
      <h1>{title}</h1>
      {pages.items.length === 0 ? (
        <Empty title="No builds yet">
          <p>
            Add a <a href="/projects">project</a>, point its webhook here, and push.
          </p>
        </Empty>
      ) : (
        <ul class="rows">
          {pages.items.map((build) => (
            <BuildRow key={build.id} build={build} />
          ))}
        </ul>
      )}
      <Older pages={pages} what="builds" />
    </>
  );
}
