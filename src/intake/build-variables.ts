import { ciVariables } from '../pipeline/ci-variables.ts';
import type { BuildVariables } from '../ports/build-variables.ts';
import { ciContext } from './ci-context.ts';
import type { IntakeSettings } from './intake-deps.ts';

/** The variables of a workflow's steps: the pipeline's `CI_*`, and ours that name the very run. */
export function buildVariables(settings: IntakeSettings): BuildVariables {
  return ({ build, previous, workflow, project, event }) => ({
    ...ciVariables(
      ciContext(settings, {
        project,
        event,
        build,
        previous,
        workflow: workflow.name,
        changedFiles: event.kind === 'push' || event.kind === 'pull_request' ? event.changedFiles : null,
      }),
    ),
    SLIPWAY_BUILD_ID: build.id,
    SLIPWAY_WORKFLOW: workflow.name,
    SLIPWAY_ATTEMPT: String(workflow.attempt),
  });
}
