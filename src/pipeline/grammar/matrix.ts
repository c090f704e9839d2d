import { dictionary } from '../shape/dictionary.ts';
import type { Entry } from '../shape/dictionary.ts';
import { choice } from '../shape/choice.ts';
import { list } from '../shape/list.ts';
import { scalar } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { Shape } from '../shape/shape.ts';
import type { Located } from '../report.ts';
import { variableName } from '../format/names.ts';
import { matrixValue } from '../format/text.ts';

/** A combination as it is written: variable → value. */
export type WrittenCombination = Located<readonly Entry<Located<string>>[]>;

export interface MatrixSpec {
  /** Each variable with its values, in the file's order. */
  readonly axes: readonly Entry<readonly Located<string>[]>[];
  readonly include: readonly WrittenCombination[];
  readonly exclude: readonly WrittenCombination[];
}

const combinationPhrase = 'a map from variable to value';
const combination = located(dictionary(variableName, located(scalar(matrixValue)), combinationPhrase));
const combinations = list(combination, 'a list of combinations such as `- { NODE: 22 }`');
const values = list(located(scalar(matrixValue)), 'a list of values such as `[20, 22]`');

type Written =
  | { readonly kind: 'values'; readonly values: readonly Located<string>[] }
  | { readonly kind: 'combinations'; readonly combinations: readonly WrittenCombination[] };

/** Under `include` and `exclude` stand combinations, under every other key values. */
const either: Shape<Written> = choice(
  {
    list: {
      phrase: values.phrase,
      blank: { kind: 'values', values: [] },
      schema: (definitions) => values.schema(definitions),
      read: (cursor) =>
        /(?:^|\.)(?:include|exclude)$/.test(cursor.path)
          ? { kind: 'combinations', combinations: combinations.read(cursor) }
          : { kind: 'values', values: values.read(cursor) },
    },
  },
  values.phrase,
);

const written = dictionary(
  variableName,
  either,
  'a map from variable to values, with `include` and `exclude`',
);

/** The combinations that a file is run in, each a workflow of its own. */
export const matrix: Shape<MatrixSpec> = {
  ...mapped(written, toMatrix),
  schema: (definitions) => ({
    type: 'object',
    properties: {
      include: combinations.schema(definitions),
      exclude: combinations.schema(definitions),
    },
    propertyNames: { pattern: variableName.json['pattern'] },
    additionalProperties: values.schema(definitions),
    minProperties: 1,
  }),
};

function toMatrix(entries: readonly Entry<Written>[]): MatrixSpec {
  const axes: Entry<readonly Located<string>[]>[] = [];
  const found = { include: [] as WrittenCombination[], exclude: [] as WrittenCombination[] };
  for (const { name, value } of entries) {
    if (value.kind === 'values') axes.push({ name, value: value.values });
    else if (name.value === 'include' || name.value === 'exclude')
      found[name.value].push(...value.combinations);
  }
  return { axes, ...found };
}
