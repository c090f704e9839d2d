import { INPUT_LIMITS, inputVariable } from '../../core/input.ts';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { takePatterns, type BuildRoom } from '../build-room.ts';
import { compilePattern, costOf } from '../expression/pattern.ts';
import type { InputRecord, InputsSpec } from '../grammar/inputs.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { inputsOf, whyNoValue } from '../inputs.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';

/**
 * Inputs say what their type has, each is a variable of its own, and their defaults are values of them. Their patterns are
 * bounded in a file, and with those of `evaluate` in a build.
 */
export function checkInputs(
  { inputs }: PipelineSpec,
  room: Pick<BuildRoom, 'patternCharacters'>,
  report: Report,
): void {
  const surplus = inputs[INPUT_LIMITS.inputs];
  if (surplus !== undefined)
    return report.add('too_complex', surplus.name, {
      what: 'it has more inputs',
      limit: INPUT_LIMITS.inputs,
    });
  checkVariables(inputs, report);
  let weight = 0;
  for (const { name, value } of inputs) {
    checkKeys(name, value, report);
    checkBounds(name, value, report);
    const taken = costOf(value.pattern?.value ?? '');
    weight += taken;
    if (weight > INPUT_LIMITS.patternCharacters)
      return report.add('too_complex', name, {
        what: 'the patterns of its inputs have more characters, each repetition written out,',
        limit: INPUT_LIMITS.patternCharacters,
      });
    if (taken > 0 && !takePatterns(room, taken))
      return report.add('too_complex', name, {
        what: 'the patterns of the build together have more characters, each repetition written out,',
        limit: PIPELINE_LIMITS.patternCharacters,
      });
    if (checkPattern(name, value, report)) checkDefault(name, value, report);
  }
}

function checkVariables(inputs: InputsSpec, report: Report): void {
  const names = new Map<string, string>();
  for (const { name } of inputs) {
    const variable = inputVariable(name.value);
    const other = names.get(variable);
    if (other === undefined) names.set(variable, name.value);
    else report.add('input_duplicate', name, { name: name.value, other, variable });
  }
}

const KEYS = { options: 'choice', pattern: 'string', min: 'number', max: 'number' } as const;

function checkKeys(name: Located<string>, input: InputRecord, report: Report): void {
  for (const [key, type] of Object.entries(KEYS) as [keyof typeof KEYS, string][]) {
    const at = input[key];
    if (at !== null && input.type !== type)
      report.add('input_key', at, { key, name: name.value, type: input.type });
  }
  if (input.type === 'choice' && input.options === null)
    report.add('input_options_missing', name, { name: name.value });
}

function checkBounds(name: Located<string>, { min, max }: InputRecord, report: Report): void {
  if (min !== null && max !== null && min.value > max.value)
    report.add('input_bounds', max, { name: name.value, min: min.value, max: max.value });
}

/** Whether it is one, or there is none. */
function checkPattern(name: Located<string>, { pattern }: InputRecord, report: Report): boolean {
  const cause = pattern === null ? null : compilePattern(pattern.value).cause;
  if (pattern === null || cause === null) return true;
  report.add('input_pattern', pattern, { name: name.value, cause: shorten(cause) });
  return false;
}

function checkDefault(name: Located<string>, value: InputRecord, report: Report): void {
  const [input] = inputsOf([{ name, value }]);
  if (input === undefined || value.default === null) return;
  if (input.type === 'choice' && input.options.length === 0) return;
  const cause = whyNoValue(input, value.default.value);
  if (cause !== null)
    report.add('input_default', value.default, {
      name: input.name,
      value: shorten(value.default.value),
      cause,
    });
}
