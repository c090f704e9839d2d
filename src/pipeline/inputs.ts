import { didYouMean } from '../core/did-you-mean.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { INPUT_LIMITS, inputVariable, type Input, type InputValues } from '../core/input.ts';
import { compilePattern } from './expression/pattern.ts';
import { DECIMAL } from './format/numbers.ts';
import type { InputsSpec } from './grammar/inputs.ts';
import { shorten } from './shape/scalar.ts';

/** What a file asks for, in its order. */
export function inputsOf(spec: InputsSpec): readonly Input[] {
  return spec.map(({ name, value }) => ({
    name: name.value,
    type: value.type,
    description: value.description,
    required: value.required,
    default: value.default?.value ?? (value.type === 'boolean' ? 'false' : null),
    options: [...new Set(value.options?.value)],
    pattern: value.pattern?.value ?? null,
    min: value.min?.value ?? null,
    max: value.max?.value ?? null,
  }));
}

/** Why a text is no value of an input, as part of a sentence; null: it is one. */
export function whyNoValue({ type, options, pattern, min, max }: Input, value: string): string | null {
  if (value.length > INPUT_LIMITS.valueCharacters)
    return `it is longer than ${INPUT_LIMITS.valueCharacters} characters`;
  if (/\p{Cc}/u.test(value)) return 'it has a line break or another control character';
  switch (type) {
    case 'boolean':
      return value === 'true' || value === 'false' ? null : 'it is `true` or `false`';
    case 'choice':
      return options.includes(value) ? null : `it is one of ${options.map((one) => `\`${one}\``).join(', ')}`;
    case 'number':
      if (!DECIMAL.test(value)) return 'it is a number such as `-3` or `0.5`';
      if (min !== null && Number(value) < min) return `it is at least ${min}`;
      return max !== null && Number(value) > max ? `it is at most ${max}` : null;
    case 'string':
      return pattern === null || compilePattern(pattern).pattern?.matches(value) === true
        ? null
        : `it matches \`${pattern}\``;
  }
}

/** The values of a build by hand; `wrong` has a sentence for each that cannot be taken. */
export interface TakenInputs {
  readonly values: InputValues;
  readonly wrong: readonly string[];
}

/** Holds given values against what is asked for, and adds the defaults. Pure. */
export function takeInputs(inputs: readonly Input[], given: InputValues): TakenInputs {
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  const wrong = unknown.map((name) => `there is no input \`${shorten(name)}\`${hintFor(name, names)}`);
  const values: [string, string][] = [];
  for (const input of inputs) {
    const value = Object.hasOwn(given, input.name) ? (given[input.name] ?? null) : null;
    const why = value === null || isLeftOpen(input, value) ? null : whyNoValue(input, value);
    const taken = value === null || (value === '' && input.type !== 'string') ? input.default : value;
    if (why !== null) wrong.push(`\`${input.name}\` cannot be \`${shorten(value ?? '')}\`: ${why}`);
    else if (input.required && (taken ?? '') === '') wrong.push(`\`${input.name}\` is required`);
    else if (taken !== null) values.push([input.name, taken]);
  }
  return { values: Object.fromEntries(values), wrong };
}

/** Nothing was written, where something need not be. */
function isLeftOpen({ type, required }: Input, value: string): boolean {
  return value === '' && (required || type !== 'string');
}

function hintFor(name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  if (near !== null) return ` (did you mean \`${near}\`?)`;
  return names.length === 0
    ? '; the file asks for none'
    : `; there are ${names.map((one) => `\`${one}\``).join(', ')}`;
}

/** The variables of a file's inputs in a build: what a person gave, else the defaults. */
export function inputVariables(spec: InputsSpec, event: RepositoryEvent): Readonly<Record<string, string>> {
  const given = event.kind === 'manual' ? event.inputs : {};
  return Object.fromEntries(
    inputsOf(spec).flatMap((input) => {
      const value = Object.hasOwn(given, input.name) ? given[input.name] : input.default;
      return value === null || value === undefined ? [] : [[inputVariable(input.name), value] as const];
    }),
  );
}
