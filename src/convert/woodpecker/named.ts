import type { Foreign } from '../foreign.ts';

/** A map from name to value, or a list of values with `name`, which are counted where they have none. */
export function namedOf(
  values: Foreign | undefined,
): readonly { readonly name: string; readonly value: Foreign }[] {
  if (values === undefined) return [];
  if (values.kind === 'nothing') values.needs('it is empty');
  const nameOf = (value: Foreign): string | null =>
    value.kind === 'map' && value.has('name') ? (value.get('name')?.peek() ?? '') : null;
  if (values.kind === 'map')
    return values.entries().map((value) => {
      const own = nameOf(value);
      if (own !== null) value.get('name')?.needs(`it counts, and not \`${value.key}\``);
      return { name: own ?? value.key, value };
    });
  return values.items().map((value, index) => ({ name: nameOf(value) || `step-${index}`, value }));
}
