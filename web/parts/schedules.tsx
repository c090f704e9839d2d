import { useEffect } from 'preact/hooks';
import type { Page } from '../../src/core/views/page.ts';
import type { ProjectView, ScheduleView } from '../../src/core/views/project-view.ts';
import { api, segment } from '../api.ts';
import { formatMinute } from '../format.ts';
import { Action } from './action.tsx';
import { ErrorBox, useLoad } from './load.tsx';
import { StatusBadge } from './status.tsx';

/** The stream does not tell of schedules: so often they are asked for. */
const RELOAD_MS = 15_000;

/** When builds of the project are made by the clock; its pipeline file says so, and here it is only stopped. */
export function Schedules({ project }: { project: ProjectView }) {
  const path = `/projects/${segment(project.id)}/schedules`;
  const { value, error, reload } = useLoad(path, () => api<Page<ScheduleView>>('GET', path));
  useEffect(() => {
    const timer = setInterval(reload, RELOAD_MS);
    return () => clearInterval(timer);
  }, [reload]);
  if (value === null) return error === null ? null : <ErrorBox error={error} />;
  if (value.items.length === 0) return null;
  const enable = (name: string, enabled: boolean) =>
    api('PATCH', `${path}/${segment(name)}`, { enabled }).then(reload);
  return (
    <section class="card" aria-label="Schedules">
      <h2>Schedules</h2>
      <p class="hint">
        From <code>cron</code> of the pipeline file on {project.defaultBranch}.
      </p>
      <ul class="schedules">
        {value.items.map((schedule) => (
          <li key={schedule.name}>
            <div class="title">
              <strong class="break">{schedule.name}</strong>
              <code>{schedule.expression}</code> <span class="note">{schedule.timezone}</span>
              <Action
                label={`${schedule.enabled ? 'Disable' : 'Enable'} ${schedule.name}`}
                run={() => enable(schedule.name, !schedule.enabled)}
              >
                {schedule.enabled ? 'Disable' : 'Enable'}
              </Action>
            </div>
            <NextTimes schedule={schedule} />
            {schedule.problem !== null && <p class="box">No build so far: {schedule.problem}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function NextTimes({ schedule: { enabled, nextMs, timezone, lastBuild } }: { schedule: ScheduleView }) {
  return (
    <p class="meta">
      {enabled
        ? nextMs.map((time, index) => (
            <span key={time}>
              {index === 0 ? 'Next ' : ', '}
              <time dateTime={new Date(time).toISOString()} title={`here: ${formatMinute(time)}`}>
                {formatMinute(time, timezone)}
              </time>
            </span>
          ))
        : 'Disabled'}
      {lastBuild !== null && (
        <>
          {' '}
          · last <a href={`/builds/${lastBuild.id}`}>#{lastBuild.number}</a>{' '}
          <StatusBadge status={lastBuild.status} />
        </>
      )}
    </p>
  );
}
