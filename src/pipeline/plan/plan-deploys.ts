import type { DeployPlan, HealthPlan } from '../../core/plan.ts';
import { PLAN_DEFAULTS as DEFAULTS } from '../../core/plan-defaults.ts';
import type { DeploySpec } from '../grammar/deploy.ts';
import { matchDeploy } from '../match-when.ts';
import type { Occasion } from '../match-when.ts';
import type { Report } from '../report.ts';
import { fillHosts, type HostsTaken } from './fill-hosts.ts';
import type { FillValue } from './fill-values.ts';
import { planEnvironment } from './plan-environment.ts';

/** The deployments of this event. */
export function planDeploys(
  deployments: readonly DeploySpec[],
  occasion: Occasion,
  fill: FillValue,
  hosts: HostsTaken,
  report: Report,
): readonly DeployPlan[] {
  return deployments
    .filter(({ when }) => matchDeploy(when, occasion))
    .map((spec) => planDeploy(spec, fillHosts(spec, occasion, fill, hosts, report), fill));
}

function planDeploy(spec: DeploySpec, hosts: readonly string[], fill: FillValue): DeployPlan {
  return {
    environment: spec.environment.value,
    port: spec.port,
    hosts,
    env: planEnvironment(spec.env, fill),
    volumes: spec.volumes.map(({ value }) => value),
    command: spec.command,
    resources: { memoryBytes: spec.resources?.memory ?? null, cpus: spec.resources?.cpus ?? null },
    health: planHealth(spec.health),
    smoke:
      spec.smoke === null
        ? null
        : { commands: spec.smoke.commands, timeoutMs: spec.smoke.timeout ?? DEFAULTS.smokeTimeoutMs },
    drain: {
      requestsMs: spec.drain?.requests ?? DEFAULTS.drainRequestsMs,
      connectionsMs: spec.drain?.connections ?? DEFAULTS.drainConnectionsMs,
    },
    standbyMs: spec.standby ?? DEFAULTS.standbyMs,
    prepare: spec.prepare,
  };
}

function planHealth(health: DeploySpec['health']): HealthPlan {
  return {
    path: health?.path ?? DEFAULTS.healthPath,
    passes: health?.passes ?? DEFAULTS.healthPasses,
    timeoutMs: health?.timeout ?? DEFAULTS.healthTimeoutMs,
  };
}
