import { didYouMean } from '../../core/did-you-mean.ts';
import { STEP_VARIABLES } from '../../core/step-variables.ts';
import { CI_VARIABLES } from '../ci-variables.ts';
import type { Located, Report } from '../report.ts';
import { parseTemplate } from '../substitute/parse-template.ts';
import { variablesOf } from '../substitute/template.ts';
import type { Template } from '../substitute/template.ts';
import { shorten } from '../shape/scalar.ts';
import { UNSET_VARIABLES } from '../variables/unset.ts';

const FOR_VALUES = Object.keys(CI_VARIABLES).filter((name) => CI_VARIABLES[name]?.isForValues === true);
const KNOWN = new Set(FOR_VALUES);

/** The names of the file's own variables, those of its matrix. */
export type OwnNames = ReadonlySet<string>;

/** A value with variables: each `${…}` can be read, and each variable exists. Null when it cannot be read. */
export function checkTemplate(value: Located<string>, own: OwnNames, report: Report): Template | null {
  const { template, wrong } = parseTemplate(value.value);
  if (template === null) {
    report.add('substitution_wrong', value, { text: shorten(wrong.source), cause: wrong.cause });
    return null;
  }
  for (const name of variablesOf(template))
    if (!KNOWN.has(name) && !own.has(name))
      report.add('variable_unknown', value, { name, fix: () => fixOf(name, own) });
  return template;
}

function fixOf(name: string, own: OwnNames): string {
  if (Object.hasOwn(CI_VARIABLES, name) || Object.hasOwn(STEP_VARIABLES, name))
    return 'Only steps have it, in their environment; docs/pipeline.md says which variables values may use.';
  const unset = UNSET_VARIABLES[name];
  if (unset !== undefined) return `Slipway does not set it. ${unset}`;
  const near = didYouMean(name, [...own, ...FOR_VALUES]);
  return near === null
    ? `Use one of the \`CI_*\` variables of docs/pipeline.md, e.g. \${CI_COMMIT_SHA}; $\${${name}} stands for the text itself.`
    : `Did you mean \`${near}\`?`;
}
