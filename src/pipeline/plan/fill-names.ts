import { checkFilledNames, isName } from '../check/check-names.ts';
import type { ServiceSpec } from '../grammar/services.ts';
import type { StepSpec } from '../grammar/steps.ts';
import type { Report } from '../report.ts';
import type { FillValue } from './fill-values.ts';

/**
 * The names of steps as they are with their variables replaced, by the names that the file has; what depends on a step
 * names it as the file does. A name that is none, or another's, is a problem.
 */
export function fillStepNames(
  steps: readonly StepSpec[],
  isSelected: (written: string) => boolean,
  fill: FillValue,
  report: Report,
): (written: string) => string {
  const named = steps.map(({ name, split }) => {
    const shares = split?.value.count;
    // An absent value at an end leaves a blank there.
    if (isSelected(name.value)) return { name, text: fill(name, shares ?? 1).text.trim(), shares };
    const text = fill(name, 1, true).text.trim();
    // Of a step that is skipped nothing that its event lacks is a problem.
    return { name, text: isName('steps', text) ? text : name.value.slice(0, 64).trim(), shares: undefined };
  });
  checkFilledNames('steps', named, report);
  return byWritten(named);
}

/** Those of services, which every event has. */
export function fillServiceNames(
  services: readonly ServiceSpec[],
  fill: FillValue,
  report: Report,
): (written: string) => string {
  const named = services.map(({ name }) => ({ name, text: fill(name).text }));
  checkFilledNames('services', named, report);
  return byWritten(named);
}

function byWritten(
  named: readonly { readonly name: { readonly value: string }; readonly text: string }[],
): (written: string) => string {
  const texts = new Map(named.map(({ name, text }) => [name.value, text]));
  return (written) => texts.get(written) ?? written;
}
