import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';

/** Characters that variables of the file may still take in environments, of all workflows of a build; -1: it was more. */
export interface Copies {
  characters: number;
}

export const newCopies = (): Copies => ({ characters: PIPELINE_LIMITS.copiedCharacters });

/** Takes what the environment of each step, share and service has of the file's own variables; too much is a problem. */
export function takeCopies(
  { steps, services }: Pick<PipelineSpec, 'steps' | 'services'>,
  variables: Readonly<Record<string, string>>,
  copies: Copies,
  report: Report,
): void {
  if (copies.characters < 0) return;
  const each = Object.entries(variables).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const count = steps.reduce((sum, { split }) => sum + (split?.value.count ?? 1), services.length);
  copies.characters -= each * count;
  if (copies.characters >= 0) return;
  copies.characters = -1;
  const at = steps[0]?.name ?? services[0]?.name ?? { span: { offset: 0, length: 1 }, path: '' };
  report.add('too_complex', at, {
    what: 'its inputs and values of its matrix have, in all steps that get them, more characters',
    limit: PIPELINE_LIMITS.copiedCharacters,
  });
}
