import { hostProblem } from '../check/check-hosts.ts';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { DeploySpec } from '../grammar/deploy.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { hostName } from '../format/paths.ts';
import type { Occasion } from '../match-when.ts';
import type { Report } from '../report.ts';
import { expandParts, type Budget } from '../substitute/expand-template.ts';
import { parseTemplate } from '../substitute/parse-template.ts';
import { variablesOf } from '../substitute/template.ts';
import { newBudget, type FillValue } from './fill-values.ts';
import { planMatrix } from './plan-matrix.ts';

/** Which environment has a host, of all files of a build. */
export type HostsTaken = Map<string, string>;

/**
 * Hosts that files have whatever happens, whether this event deploys to them or not: those that are written out, and those
 * whose variables are of a matrix or of the project alone. @param variables All that the event has.
 */
export function hostsOfFiles(
  specs: readonly PipelineSpec[],
  variables: Readonly<Record<string, string>>,
): HostsTaken {
  const taken: HostsTaken = new Map();
  const hosts = specs.flatMap(({ deploy }) => deploy.flatMap(({ host }) => host));
  if (hosts.every(({ value }) => !value.includes('$'))) return taken;
  const ofProject = Object.fromEntries(Object.entries(variables).filter(([name]) => OF_PROJECT.has(name)));
  const budget = newBudget();
  for (const { deploy, matrix } of specs)
    for (const { environment, host } of deploy)
      for (const name of host.flatMap(({ value }) => eachOf(value, matrix, ofProject, budget)))
        if (!taken.has(name)) taken.set(name, environment.value);
  return taken;
}

/** What it stands for in each combination; nothing where something else has a say in that. */
function eachOf(
  host: string,
  matrix: PipelineSpec['matrix'],
  ofProject: Readonly<Record<string, string>>,
  budget: Budget,
): readonly string[] {
  if (!host.includes('$')) return [host];
  const { template } = parseTemplate(host);
  const combinations = matrix === null ? [{}] : (planMatrix(matrix, PIPELINE_LIMITS.workflows) ?? []);
  return combinations.flatMap((combination) => {
    const known: Readonly<Record<string, string>> = { ...ofProject, ...combination };
    if (template === null || !variablesOf(template).every((name) => Object.hasOwn(known, name))) return [];
    const { parts } = expandParts(template, (name) => known[name] ?? null, budget);
    return hostName.parse(parts.join('')) ?? [];
  });
}

/** What the project is, whatever happens in it. */
const OF_PROJECT: ReadonlySet<string> = new Set(['CI_REPO_OWNER', 'CI_REPO_NAME', 'CI_REPO_DEFAULT_BRANCH']);

/**
 * The hosts of a deployment with their variables replaced, each once. What an event says is a part of a label at most, and
 * none of them is a host that the files have for another environment: whoever names a branch does not choose the host of
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
