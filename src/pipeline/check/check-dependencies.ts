import { didYouMean } from '../../core/did-you-mean.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { StepSpec } from '../grammar/steps.ts';
import type { Located, Report } from '../report.ts';

/** Each is compared with the names of all steps; of more the rest may be missing without a word, as they may be anyway. */
const MOST_ABSENT = 100;

/** Every dependency is a step, and no step waits for itself. */
export function checkDependencies({ steps, services }: PipelineSpec, report: Report): void {
  const names = steps.map(({ name }) => name.value);
  const known = new Set(names);
  const isService = new Set(services.map(({ name }) => name.value));
  let absent = 0;
  for (const { name, depends_on } of steps)
    for (const { name: dependency, optional } of depends_on ?? []) {
      if (dependency.value === '' || known.has(dependency.value)) continue;
      const others = () => names.filter((one) => one !== name.value);
      if (optional === true) {
        if (absent++ < MOST_ABSENT) reportAbsent(dependency, others(), report);
        continue;
      }
      const fix = () =>
        isService.has(dependency.value)
          ? 'It is a service: services are ready before any step starts. Remove it.'
          : fixOf(dependency.value, others());
      report.add('dependency_unknown', dependency, { step: name.value, name: dependency.value, fix });
    }
  checkCycles(steps, report);
}

/** What may be missing and has nearly the name of something that is there is meant to be that. */
export function reportAbsent(name: Located<string>, others: readonly string[], report: Report): void {
  const near = didYouMean(name.value, others);
  if (near !== null) report.add('dependency_absent', name, { name: name.value, near });
}

/** @param names Of the other steps: none waits for itself. */
function fixOf(name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  if (near !== null) return `Did you mean \`${near}\`?`;
  if (names.length === 0) return 'There is no other step: remove it.';
  const some = names.slice(0, 10).map((one) => `\`${one}\``);
  return `Other steps are ${some.join(', ')}${names.length > some.length ? ' …' : ''}.`;
}

/** Depth first; a step met again while it is still open closes a cycle, which is reported once. */
function checkCycles(steps: readonly StepSpec[], report: Report): void {
  const byName = new Map(steps.map((step) => [step.name.value, step]));
  const state = new Map<string, 'open' | 'done'>();
  const open: string[] = [];
  const walk = (step: StepSpec): void => {
    state.set(step.name.value, 'open');
    open.push(step.name.value);
    for (const { name: dependency } of step.depends_on ?? []) {
      const next = byName.get(dependency.value);
      if (next === undefined || dependency.value === '') continue;
      const seen = state.get(dependency.value);
      if (seen === undefined) walk(next);
      else if (seen === 'open')
        report.add('dependency_cycle', dependency, {
          cycle: describe(open.slice(open.indexOf(dependency.value))),
        });
    }
    open.pop();
    state.set(step.name.value, 'done');
  };
  for (const step of steps) if (!state.has(step.name.value)) walk(step);
}

function describe(cycle: readonly string[]): string {
  const shown = cycle.length > 8 ? [...cycle.slice(0, 7), '…'] : cycle;
  return [...shown, cycle[0] ?? ''].map((name) => (name === '…' ? name : `\`${name}\``)).join(' → ');
}
