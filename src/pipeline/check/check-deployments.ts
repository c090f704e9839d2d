import type { DeploySpec } from '../grammar/deploy.ts';
import type { Report } from '../report.ts';

/** One deployment an environment, one environment a host, one volume a path. */
export function checkDeployments(deployments: readonly DeploySpec[], report: Report): void {
  const environments = new Map<string, number>();
  const hosts = new Map<string, string>();
  for (const { environment, host, volumes } of deployments) {
    const { value: name } = environment;
    const first = environments.get(name);
    if (name !== '' && first !== undefined)
      report.add('name_duplicate', environment, { kind: 'deployments', name, line: first });
    else environments.set(name, report.lineOf(environment.span.offset));
    for (const one of host) {
      const other = hosts.get(one.value);
      if (other === undefined || one.value === '') hosts.set(one.value, name);
      else if (other !== name) report.add('host_duplicate', one, { host: one.value, other });
    }
    checkVolumes(volumes, report);
  }
}

function checkVolumes(volumes: DeploySpec['volumes'], report: Report): void {
  const paths = new Set<string>();
  for (const volume of volumes) {
    const { path } = volume.value;
    if (path !== '' && paths.has(path)) report.add('volume_duplicate', volume, { path });
    paths.add(path);
  }
}
