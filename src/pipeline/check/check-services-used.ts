import type { PlanValue } from '../../core/plan.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { valuesOfSettings } from '../grammar/settings.ts';
import type { Located, Report } from '../report.ts';

/** Warns of a service whose name stands in no command and no environment of the file, and that shares no volume with a step. */
export function checkServicesUsed({ services, steps }: PipelineSpec, report: Report): void {
  const words = new Set<string>();
  const add = (text: string) => {
    for (const [word] of text.matchAll(/[\w-]+/g)) words.add(word);
  };
  for (const { commands, environment } of [...services, ...steps]) {
    commands.forEach(add);
    textsOf(environment.map(({ value }) => value)).forEach(add);
  }
  for (const { settings, entrypoint } of steps) {
    textsOf(valuesOfSettings(settings)).forEach(add);
    entrypoint?.forEach(add);
  }
  const shared = new Set(steps.flatMap(({ volumes }) => volumes.map(({ value }) => value.source)));
  for (const { name, volumes } of services)
    if (
      name.value !== '' &&
      !isNamed(name.value, words) &&
      !volumes.some(({ value }) => shared.has(value.source))
    )
      report.add('service_unused', name, { service: name.value });
}

/** Of a name with variables what is around them, in one word. */
function isNamed(name: string, words: ReadonlySet<string>): boolean {
  if (!name.includes('$')) return words.has(name);
  const parts = name.split(/\$\{[^}]*\}/).filter((part) => part !== '');
  return [...words].some((word) => word.includes(parts[0] ?? ''));
}

function textsOf(values: readonly Located<PlanValue>[]): readonly string[] {
  return values.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
}
