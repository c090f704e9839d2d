import type { BuildSummary } from '../../src/core/views/build-view.ts';
import { firstLine } from '../format.ts';
import { DeploymentBadges } from './deployments.tsx';
import { Reference } from './reference.tsx';
import { StatusBadge } from './status.tsx';
import { Ago, Took } from './time.tsx';
import { Words } from './words.tsx';

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
        <DeploymentBadges build={build} />
        {build.waiting !== null && (
          <span class="row-note">
            place {build.waiting.place}: {build.waiting.why}
          </span>
        )}
        {build.waiting === null && build.reason !== null && (
          <span class="row-note">
            <Words text={build.reason} />
          </span>
        )}
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
