import { useLocation, useRoute } from 'preact-iso';
import { workflowLabel } from '../../src/core/matrix-label.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { isEnd } from '../../src/core/status.ts';
import { api, segment } from '../api.ts';
import { failedStep, stepToShow } from '../at-work.ts';
import { firstLine } from '../format.ts';
import { Action } from '../parts/action.tsx';
import { Attempts } from '../parts/attempts.tsx';
import { Artifacts } from '../parts/artifacts.tsx';
import { BuildInputs } from '../parts/build-inputs.tsx';
import { BuildFacts } from '../parts/build-facts.tsx';
import { useChosenLog } from '../parts/chosen-log.ts';
import { DeploymentBadges, DeploymentList } from '../parts/deployments.tsx';
import { FailedPart, hasFailedPart } from '../parts/failed-part.tsx';
import { FailedTail } from '../parts/failed-tail.tsx';
import { Fix } from '../parts/fix.tsx';
import { useStream } from '../parts/live.ts';
import { useLoad, Waiting } from '../parts/load.tsx';
import { Log } from '../parts/log.tsx';
import { Notices } from '../parts/notices.tsx';
import { Problems } from '../parts/problems.tsx';
import { Reference } from '../parts/reference.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { StepImages } from '../parts/step-images.tsx';
import { Tests } from '../parts/tests.tsx';
import { Ago, Took } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';
import { Waterfall } from '../parts/waterfall.tsx';
import { Words } from '../parts/words.tsx';

/** One build: how it stands, where its time goes, every line of it, and what it shipped. */
export function BuildPage() {
  const id = useRoute().params['build'] ?? '';
  return <Build key={id} id={id} />;
}

function Build({ id }: { id: string }) {
  const { value: build, error, set } = useLoad(id, () => api<BuildView>('GET', `/builds/${segment(id)}`));
  const [chosen, choose] = useChosenLog();
  useTitle(build === null ? 'Build' : `#${build.number} ${build.projectPath} ${build.status}`);
  useStream(
    { build: [id] },
    {
      onMessage: (message) => {
        if (message.type === 'build' && message.build.id === id) set(() => message.build);
      },
    },
  );
  if (build === null) return <Waiting error={error} what="the build" />;
  const log = logToShow(build, chosen);
  const show = (logId: string, hash?: string): void => {
    choose(logId, hash);
    if (window.matchMedia('(max-width: 900px)').matches) document.querySelector('.log')?.scrollIntoView();
  };
  return (
    <article class="build">
      <BuildHead build={build} />
      <Problems problems={build.problems} warnings={build.warnings} />
      <Notices notices={build.notices} />
      <FailedTail build={build} onShow={show} />
      <Tests build={build} onShow={show} />
      <div class="build-body">
        <div class="build-side">
          <Waterfall build={build} chosen={log?.logId ?? null} onChoose={show} />
          <BuildInputs build={build} />
          <Attempts build={build} onChoose={show} />
          <BuildFacts build={build} />
          <StepImages build={build} />
          <Artifacts build={build} />
          <DeploymentList build={build} chosen={log?.logId ?? null} onChoose={show} />
        </div>
        {log !== null && <Log key={log.logId} logId={log.logId} title={log.title} />}
      </div>
    </article>
  );
}

function BuildHead({ build }: { build: BuildView }) {
  const { route } = useLocation();
  const rerun = async (only?: 'failed'): Promise<void> => {
    const made = await api<{ id: string }>('POST', `/builds/${segment(build.id)}/rerun`, { only });
    route(`/builds/${made.id}`);
  };
  const isRed = hasFailedPart(build);
  return (
    <header class="build-head">
      <div class="title">
        <StatusBadge status={build.status} />
        <DeploymentBadges build={build} />
        <h1>
          <a href={`/?project=${segment(build.projectPath)}`}>{build.projectPath}</a>{' '}
          <span class="number">#{build.number}</span> {firstLine(build.message)}
        </h1>
        {isEnd(build.status) ? (
          <span class="reruns">
            {isRed && <Action run={() => rerun('failed')}>Re-run failed</Action>}
            <Action run={() => rerun()}>{isRed ? 'Re-run all' : 'Re-run'}</Action>
          </span>
        ) : (
          <Action kind="danger" run={() => api('POST', `/builds/${segment(build.id)}/cancel`)}>
            Cancel
          </Action>
        )}
      </div>
      <p class="meta">
        <Reference build={build} /> by {build.author}, <Ago atMs={build.createdAtMs} />
        {build.startedAtMs !== null && (
          <>
            {' '}
            · {build.finishedAtMs === null ? 'for' : 'took'}{' '}
            <Took fromMs={build.startedAtMs} toMs={build.finishedAtMs} />
            {build.finishedAtMs === null && ' so far'}
          </>
        )}
        {build.deliveryId !== null && (
          <>
            {' '}
            · <a href={`/deliveries/${build.deliveryId}`}>delivery</a>
          </>
        )}
        {build.rerunOf !== null && (
          <>
            {' '}
            · {rerunWords(build)}{' '}
            {build.rerunOfNumber === null ? 'a build that was removed' : <FirstBuild build={build} />}
          </>
        )}
      </p>
      {isRed && <FailedPart build={build} />}
      {build.waiting !== null && (
        <p class="box">
          Place {build.waiting.place} in the queue: {build.waiting.why}
        </p>
      )}
      {build.waiting === null && build.reason !== null && failedStep(build) === null && (
        <p class="box">
          <Words text={build.reason} />
          <Fix end={build} />
        </p>
      )}
    </header>
  );
}

function rerunWords({ rerunFrom }: BuildView): string {
  return rerunFrom == null ? 're-run of' : 'runs again what failed of';
}

/** The build that was red where only a part of it runs again, else the first one. */
function FirstBuild({ build: { rerunFrom, rerunOf, rerunOfNumber } }: { build: BuildView }) {
  const { id, number } = rerunFrom ?? { id: rerunOf, number: rerunOfNumber };
  return <a href={`/builds/${id ?? ''}`}>build #{number}</a>;
}

/** The chosen log; else that of the step which a reader wants. */
function logToShow(build: BuildView, chosen: string | null): { logId: string; title: string } | null {
  const steps = build.workflows.flatMap((workflow) => workflow.steps);
  const several = build.workflows.length > 1;
  const all = [
    ...build.workflows.flatMap((workflow) =>
      workflow.steps.flatMap((step) =>
        step.attempts.map((attempt) => ({
          logId: attempt.logId,
          title: several ? `${workflowLabel(workflow)}: ${step.name}` : step.name,
        })),
      ),
    ),
    ...build.deployments.map((deployment) => ({
      logId: deployment.logId,
      title: `deploy to ${deployment.environment}`,
    })),
  ];
  const wanted = all.find((log) => log.logId === chosen);
  if (wanted !== undefined) return wanted;
  const attempt = stepToShow(steps)?.attempts.findLast((candidate) => candidate.startedAtMs !== null);
  return all.find((log) => log.logId === attempt?.logId) ?? null;
}
