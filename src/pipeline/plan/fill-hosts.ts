import { hostProblem } from '../check/check-hosts.ts';
import type { DeploySpec } from '../grammar/deploy.ts';
import { hostName } from '../format/paths.ts';
import type { Occasion } from '../match-when.ts';
import type { Report } from '../report.ts';
import type { FillValue } from './fill-values.ts';

/** Which environment has a host, of all files of a build. */
export type HostsTaken = Map<string, string>;

/** Hosts that files write out, whether this event deploys to them or not. */
export function hostsWritten(deployments: readonly DeploySpec[]): HostsTaken {
  const taken: HostsTaken = new Map();
  for (const { environment, host } of deployments)
    for (const { value } of host)
      if (!value.includes('$') && !taken.has(value)) taken.set(value, environment.value);
  return taken;
}

/**
 * The hosts of a deployment with their variables replaced, each once. What an event says is a part of a label at most, and
 * none of them is a host that the files write out for another environment: whoever names a branch does not choose the host of
 * production. What is wrong is reported. @param taken Gets these, too.
 */
export function fillHosts(
  { environment, host }: DeploySpec,
  { matrix, event }: Occasion,
  fill: FillValue,
  taken: HostsTaken,
  report: Report,
): readonly string[] {
  const hosts = new Set<string>();
  for (const one of host) {
    if (!one.value.includes('$')) {
      hosts.add(one.value);
      continue;
    }
    const filled = fill(one);
    const cause = hostProblem(one.value, filled, matrix, event.kind);
    const name = hostName.parse(filled.text);
    if (cause !== null || name === null) {
      report.add('host_wrong', one, { host: filled.text.slice(0, 253), cause: cause ?? 'unreadable' });
      continue;
    }
    const other = taken.get(name);
    if (other !== undefined && other !== environment.value)
      report.add('host_duplicate', one, { host: name, other });
    taken.set(name, environment.value);
    hosts.add(name);
  }
  return [...hosts];
}
