import type { Input } from '../src/core/input.ts';

/** What a form says of inputs; a field that is empty says nothing where that is no value. */
export function givenInputs(inputs: readonly Input[], form: FormData): Readonly<Record<string, string>> {
  return Object.fromEntries(
    inputs.flatMap(({ name, type, required }) => {
      const value = form.get(name);
      if (type === 'boolean') return [[name, String(value !== null)] as const];
      const isOpen = typeof value !== 'string' || (value === '' && (type !== 'string' || required));
      return isOpen ? [] : [[name, value] as const];
    }),
  );
}
