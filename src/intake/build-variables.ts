import type { ChangedFiles, RepositoryEvent } from '../core/event.ts';
import { ciVariables } from '../pipeline/ci-variables.ts';
import type { BuildVariables } from '../ports/build-variables.ts';
import type { IntakeSettings } from './intake-deps.ts';
import { webUrlOf } from './plan-source.ts';

/** The variables of a workflow's steps: the pipeline's `CI_*`, and ours that name the very run. */
export function buildVariables(settings: IntakeSettings): BuildVariables {
  return ({ build, workflow, project, event }) => ({
    ...ciVariables({
      event,
      project: {
        path: project.path,
        cloneUrl: project.cloneUrl,
        webUrl: webUrlOf(project.cloneUrl),
        defaultBranch: project.defaultBranch,
      },
      build: {
        number: build.number,
        url: `${settings.publicUrl}/builds/${build.id}`,
        createdAtMs: build.createdAtMs,
        rerunOf: build.rerunOf,
      },
      changedFiles: changedFilesOf(event),
      system: { url: settings.publicUrl, version: settings.version },
    }),
    SLIPWAY_BUILD_ID: build.id,
    SLIPWAY_WORKFLOW: workflow.name,
    SLIPWAY_ATTEMPT: String(workflow.attempt),
  });
}

/** Events of older records do not all have them. */
function changedFilesOf(event: RepositoryEvent): ChangedFiles {
  return event.kind === 'push' || event.kind === 'pull_request' ? (event.changedFiles ?? null) : null;
}
