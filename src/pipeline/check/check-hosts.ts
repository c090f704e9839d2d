import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { MatrixValues } from '../../core/plan.ts';
import { hostName } from '../format/paths.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { fillValues, newBudget, type Filled } from '../plan/fill-values.ts';
import { planMatrix } from '../plan/plan-matrix.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { parseTemplate } from '../substitute/parse-template.ts';
import { variablesOf, type Template } from '../substitute/template.ts';
import { checkTemplate, type OwnNames } from './check-template.ts';

/**
 * Variables that hosts may have: what the project is, and what the push of somebody who may write to the repository names. Not
 * what others write, as messages, authors and labels: a commit that was taken over brings those along.
 */
const FOR_HOSTS: ReadonlySet<string> = new Set([
  'CI_REPO_OWNER',
  'CI_REPO_NAME',
  'CI_REPO_DEFAULT_BRANCH',
  'CI_COMMIT_SHA',
  'CI_COMMIT_BRANCH',
  'CI_COMMIT_BRANCH_SLUG',
  'CI_COMMIT_TARGET_BRANCH',
  'CI_COMMIT_TAG',
  'CI_COMMIT_PULL_REQUEST',
  'CI_PIPELINE_NUMBER',
  'CI_PIPELINE_EVENT',
  'CI_CRON_NAME',
]);

/** Hosts with variables, as far as no event is needed: those of a matrix in each of its combinations. */
export function checkHosts({ deploy, matrix }: PipelineSpec, own: OwnNames, report: Report): void {
  const combinations = matrix === null ? [{}] : (planMatrix(matrix, PIPELINE_LIMITS.workflows) ?? []);
  for (const host of deploy.flatMap((one) => one.host)) {
    if (!host.value.includes('$')) continue;
    const template = checkTemplate(host, own, report);
    if (template === null || !checkVariables(host, template, own, report)) continue;
    const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
    const isOfFile = (name: string): boolean => combinations.every((one) => Object.hasOwn(one, name));
    if (variablesOf(template).every(isOfFile)) checkCombinations(host, combinations, report);
    else if (!endsWritten(template))
      report.add('host_wrong', host, { host: shorten(host.value), cause: LAST_LABEL });
    else if (hostName.parse(sample) === null)
      report.add('host_wrong', host, { host: shorten(host.value), cause: NO_HOST });
  }
}

function endsWritten(template: Template): boolean {
  const last = template.at(-1);
  return typeof last === 'string' && last.includes('.');
}

const LAST_LABEL = 'its last label is not written out';
const NO_HOST = `it is not ${hostName.phrase}`;

function checkVariables(host: Located<string>, template: Template, own: OwnNames, report: Report): boolean {
  const wrong = variablesOf(template).filter((name) => !FOR_HOSTS.has(name) && !own.has(name));
  for (const name of wrong)
    report.add('host_variable', host, {
      name,
      known: [...FOR_HOSTS].map((one) => `\`${one}\``).join(', '),
    });
  return wrong.length === 0;
}

function checkCombinations(
  host: Located<string>,
  combinations: readonly MatrixValues[],
  report: Report,
): void {
  for (const variables of combinations) {
    const filled = fillValues({ variables, event: null, budget: newBudget(), report })(host, 1, true);
    const cause = hostProblem(host.value, filled, variables, 'build');
    if (cause === null) continue;
    report.add('host_wrong', host, { host: shorten(filled.text), cause });
    return;
  }
}

/**
 * Why a host with its variables replaced is none, or null: a value is missing, or what an event, or who started the build,
 * says reaches beyond a label.
 * @param matrix The combination's variables, of which the file says what they are.
 */
export function hostProblem(
  written: string,
  { text, parts, missing }: Filled,
  matrix: MatrixValues,
  event: string,
): string | null {
  const { template } = parseTemplate(written);
  const isOfFile = (name: string): boolean => Object.hasOwn(matrix, name);
  const absent = missing.find((name) => !isOfFile(name));
  if (absent !== undefined) return `a ${event} has no ${absent}`;
  for (const [at, part] of (template ?? []).entries()) {
    if (typeof part === 'string' || variablesOf([part]).every(isOfFile)) continue;
    if (!/^[A-Za-z0-9-]*$/.test(parts[at] ?? ''))
      return `\`${shorten(part.source)}\` is \`${shorten(parts[at] ?? '')}\`, and may only be a part of a label (a-z, 0-9 and \`-\`)`;
  }
  return hostName.parse(text) === null ? NO_HOST : null;
}
