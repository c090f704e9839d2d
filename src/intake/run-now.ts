import { readInputs } from '../convert/plan-files.ts';
import type { ManualEvent } from '../core/event.ts';
import type { InputValues } from '../core/input.ts';
import { Problem } from '../core/problem.ts';
import type { InputsView } from '../core/views/project-view.ts';
import { takeInputs } from '../pipeline/inputs.ts';
import type { Note } from '../store/store.ts';
import { readHead } from './branch-head.ts';
import type { ProjectDeps } from './database-projects.ts';
import { keepSchedules, wantedSchedules } from './keep-schedules.ts';
import { demandStaying, findProject } from './project-row.ts';
import type { Source } from './read-source.ts';

/** See `Projects.inputs`. */
export async function readProjectInputs(
  deps: ProjectDeps,
  projectId: string,
  branch: string,
): Promise<InputsView> {
  const { base, source } = await readHead(deps, await findProject(deps, projectId), branch);
  const inputs = readInputs(source.pipelineFiles, source);
  return { branch, commit: base.commit, inputs: inputs ?? [], problem: inputs === null ? ERRORS : null };
}

const ERRORS = 'the pipeline files have errors, and so ask for none';

/** See `Projects.runNow`. */
export async function runNow(
  deps: ProjectDeps,
  projectId: string,
  { branch, inputs }: { readonly branch: string; readonly inputs: InputValues },
  note: Note,
): Promise<{ buildId: string; number: number }> {
  const project = await findProject(deps, projectId);
  demandStaying(project);
  const head = await readHead(deps, project, branch);
  const event: ManualEvent = {
    ...head.base,
    kind: 'manual',
    inputs: demandInputs(head.source, inputs),
  };
  const { arrivedWith } = head;
  const isDefault = branch === project.default_branch;
  const wanted = isDefault ? wantedSchedules(deps, project, head.source) : null;
  const made = await deps.store.transaction(async (tx) => {
    const build = { projectId, deliveryId: null, arrivedWith, event, outcome: null, blocked: null };
    const { buildId, number } = await deps.builds.createBuildIn(tx, build);
    if (isDefault)
      await keepSchedules(tx, { projectId, branch, arrivedWith, wanted, nowMs: deps.clock.nowMs() });
    await note(tx, { id: buildId, name: `${project.path}#${number}` });
    return { buildId, number };
  });
  deps.intake.planWaiting();
  deps.log.info({ deliveryId: null, ...made, project: project.path }, 'a person made a build');
  return made;
}

/**
 * Files with errors ask for nothing: the build shows what is wrong with them, unless it was to have inputs.
 * @throws Problem `inputs_wrong`.
 */
function demandInputs(source: Source, given: InputValues): InputValues {
  const asked = readInputs(source.pipelineFiles, source);
  if (asked === null) {
    if (Object.keys(given).length === 0) return {};
    throw new Problem('inputs_wrong', { list: ERRORS });
  }
  const { values, wrong } = takeInputs(asked, given);
  if (wrong.length > 0) throw new Problem('inputs_wrong', { list: wrong.join('; ') });
  return values;
}
