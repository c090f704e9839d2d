import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { newBuildRoom } from '../build-room.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { IncludedFiles } from '../include/included-file.ts';
import type { Report } from '../report.ts';
import { checkCaches } from './check-caches.ts';
import { checkClone } from './check-clone.ts';
import { checkConditions } from './check-conditions.ts';
import { checkDependencies } from './check-dependencies.ts';
import { checkDeployments } from './check-deployments.ts';
import { checkEnvironments } from './check-environments.ts';
import { checkExpressions } from './check-expressions.ts';
import { checkImages } from './check-images.ts';
import { checkHosts } from './check-hosts.ts';
import { inputVariable } from '../../core/input.ts';
import { checkInputs } from './check-inputs.ts';
import { checkMatrix, matrixNames } from './check-matrix.ts';
import { checkNames } from './check-names.ts';
import { checkPrograms } from './check-programs.ts';
import { checkServicesUsed } from './check-services-used.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSplits } from './check-splits.ts';
import { checkStepsWaited } from './check-steps-waited.ts';
import { checkTags } from './check-tags.ts';
import { checkTemplate } from './check-template.ts';
import { checkUnique } from './check-unique.ts';
import { checkVolumes } from './check-volumes.ts';

/** What is known beside the file. */
export interface Facts {
  /** Whether the repository has a `Dockerfile` at its root. */
  readonly hasDockerfile: boolean;
  /** What was read of the files that are included; undefined: nothing, where files alone are checked. */
  readonly included?: IncludedFiles | undefined;
}

/**
 * What the grammar alone cannot say, as far as it needs no event.
 * @param isWhole False where something that is included is not known: what it may have is not missed then.
 * @param room Of all files of the build.
 */
export function checkPipeline(
  spec: PipelineSpec,
  facts: Facts,
  report: Report,
  isWhole = true,
  room = newBuildRoom(),
): void {
  const most = PIPELINE_LIMITS.steps;
  const surplus = spec.steps[most] ?? spec.services[most];
  if (surplus !== undefined) {
    report.add('too_complex', surplus.name, { what: 'it has more steps or services', limit: most });
    return;
  }
  checkMatrix(spec, report);
  checkInputs(spec, room, report);
  const inputs = spec.inputs.map(({ name }) => inputVariable(name.value));
  const matrix = spec.matrix === null ? [] : matrixNames(spec.matrix).map(({ value }) => value);
  const own = new Set([...matrix, ...inputs]);
  checkUnique('steps', spec.steps, report);
  checkUnique('services', spec.services, report);
  checkNames(spec, own, report);
  if (isWhole) checkDependencies(spec, report);
  checkClone(spec, report);
  checkImages(spec, facts, own, report, isWhole);
  checkEnvironments(spec, own, report);
  if (spec.concurrency?.group != null) checkTemplate(spec.concurrency.group, own, report);
  checkTags(spec.push?.tags ?? [], own, report);
  checkCaches(spec, own, report);
  checkPrograms(spec, report);
  checkSplits(spec, report);
  checkVolumes(spec, report);
  checkDeployments(spec.deploy, report);
  checkHosts(spec, own, report);
  const [outcome] = spec.depends_on.length === 0 ? (spec.runs_on ?? []) : [];
  if (outcome !== undefined) report.add('runs_on_unused', outcome, {});
  checkExpressions(spec, { inside: own, ofFile: new Set(inputs) }, room, report);
  checkConditions(spec, report);
  checkSecrets(spec, report);
  if (!isWhole) return;
  checkServicesUsed(spec, report);
  checkStepsWaited(spec, report);
}
