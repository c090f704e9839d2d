import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';
import { checkCaches } from './check-caches.ts';
import { checkDependencies } from './check-dependencies.ts';
import { checkDeployments } from './check-deployments.ts';
import { checkEnvironments } from './check-environments.ts';
import { checkExpressions } from './check-expressions.ts';
import { checkImages } from './check-images.ts';
import { inputVariable } from '../../core/input.ts';
import { checkInputs } from './check-inputs.ts';
import { checkMatrix, matrixNames } from './check-matrix.ts';
import { checkPrograms } from './check-programs.ts';
import { checkServicesUsed } from './check-services-used.ts';
import { checkStepSecrets } from './check-step-secrets.ts';
import { checkStepsWaited } from './check-steps-waited.ts';
import { checkTags } from './check-tags.ts';
import { checkTemplate } from './check-template.ts';
import { checkUnique } from './check-unique.ts';

/** What is known beside the file. */
export interface Facts {
  /** Whether the repository has a `Dockerfile` at its root. */
  readonly hasDockerfile: boolean;
}

/** What the grammar alone cannot say, as far as it needs no event. */
export function checkPipeline(spec: PipelineSpec, facts: Facts, report: Report): void {
  const most = PIPELINE_LIMITS.steps;
  const surplus = spec.steps[most] ?? spec.services[most];
  if (surplus !== undefined) {
    report.add('too_complex', surplus.name, { what: 'it has more steps or services', limit: most });
    return;
  }
  checkMatrix(spec, report);
  checkInputs(spec, report);
  const inputs = spec.inputs.map(({ name }) => inputVariable(name.value));
  const matrix = spec.matrix === null ? [] : matrixNames(spec.matrix).map(({ value }) => value);
  const own = new Set([...matrix, ...inputs]);
  checkUnique('steps', spec.steps, report);
  checkUnique('services', spec.services, report);
  checkDependencies(spec, report);
  checkImages(spec, facts, own, report);
  checkEnvironments(spec, own, report);
  if (spec.concurrency?.group != null) checkTemplate(spec.concurrency.group, own, report);
  checkTags(spec.push?.tags ?? [], own, report);
  checkCaches(spec, own, report);
  checkPrograms(spec, report);
  checkDeployments(spec.deploy, report);
  checkExpressions(spec, { inside: own, ofFile: new Set(inputs) }, report);
  checkServicesUsed(spec, report);
  checkStepSecrets(spec, report);
  checkStepsWaited(spec, report);
}
