import type { ReadyPlan, ServicePlan } from '../../core/plan.ts';
import { PLAN_DEFAULTS } from '../../core/plan-defaults.ts';
import type { ServiceSpec } from '../grammar/services.ts';
import { fillServiceNames } from './fill-names.ts';
import type { FillValue } from './fill-values.ts';
import type { Report } from '../report.ts';
import { planEnvironment } from './plan-environment.ts';
import { planReference } from './plan-reference.ts';
import { planVolumes } from './plan-volumes.ts';

/** @param variables They have these in their environment. */
export function planServices(
  services: readonly ServiceSpec[],
  variables: Readonly<Record<string, string>>,
  fill: FillValue,
  report: Report,
): readonly ServicePlan[] {
  const nameOf = fillServiceNames(services, fill, report);
  return services.map(({ name, image, pull, environment, commands, ready, volumes }) => ({
    name: nameOf(name.value),
    image: planReference(image, fill, report),
    ...(pull ? { pull } : {}),
    environment: { ...variables, ...planEnvironment(environment, fill) },
    commands,
    ready: planReady(ready),
    ...planVolumes(volumes),
  }));
}

function planReady(ready: ServiceSpec['ready']): ReadyPlan {
  const timeoutMs = ready?.timeout ?? PLAN_DEFAULTS.serviceReadyMs;
  const command = ready?.command ?? null;
  return command === null ? { kind: 'auto', timeoutMs } : { kind: 'command', command, timeoutMs };
}
