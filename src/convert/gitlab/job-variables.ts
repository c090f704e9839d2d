import type { Foreign } from '../foreign.ts';
import { entry, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { askedVariable } from './asked-variables.ts';
import type { Job } from './jobs.ts';
import { isOfRunner } from './runner-variables.ts';
import { takesItself } from './variables.ts';
import type { JobText } from './variables.ts';

/**
 * The variables of a job, those of the file first.
 * @param defined All that it has, as the file writes them.
 */
export function variablesOf(
  job: Job,
  texts: JobText,
  defined: ReadonlyMap<string, string>,
): readonly OutEntry[] {
  const entries = new Map<string, OutEntry | null>();
  for (const variables of job.all('variables')) {
    if (variables.kind !== 'map') continue;
    for (const one of variables.entries()) {
      // Those of the file are written out in each step.
      one.spend(one.peek().length);
      const value = one.kind === 'map' ? one.get('value') : one;
      const asked = askedVariable(one);
      if (one.kind === 'map') {
        if (asked === null)
          for (const key of ['description', 'options'])
            one
              .get(key)
              ?.leaveOut('a value with variables, or of such a name, is not asked for', 'Write `inputs`.');
        one.get('expand')?.leaveOut('variables in values are always replaced', 'Write `$$` for a `$`.');
      }
      if (isOfRunner(one)) continue;
      if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(one.key) || !/^[A-Za-z_]\w*$/.test(one.key)) {
        one.leaveOut('it is no name that a file may set', 'Choose another name.');
        continue;
      }
      if (asked === null && takesItself(one.key, defined)) {
        if (!entries.has(one.key)) noteLoop(one);
        entries.set(one.key, entries.get(one.key) ?? null);
        continue;
      }
      const written = asked === null ? texts.value(value?.text() ?? '', value ?? one) : `\${${asked}}`;
      if (!entries.has(one.key)) entries.set(one.key, entry(one.key, text(written, value ?? one), one));
    }
  }
  return [...entries.values()].filter((one) => one !== null).reverse();
}

function noteLoop(variable: Foreign): void {
  variable.leaveOut(
    'it takes itself, and no value is known before the step',
    `Set it in the commands, \`export ${variable.key}=…\`; where it is a variable of the GitLab project, make it a secret.`,
  );
}
