import type { Foreign } from './foreign.ts';

/** A part of a pipeline file that is being written, with the value of the other file that it comes from. */
export type Out = OutText | OutList | OutMap;

export interface OutText {
  readonly kind: 'text';
  readonly value: string;
  readonly from: Foreign | null;
}

export interface OutList {
  readonly kind: 'list';
  readonly items: readonly Out[];
  readonly from: Foreign | null;
}

export interface OutMap {
  readonly kind: 'map';
  readonly entries: readonly OutEntry[];
  readonly from: Foreign | null;
}

export interface OutEntry {
  readonly key: string;
  readonly value: Out;
  readonly from: Foreign | null;
}

export function text(value: string, from: Foreign | null = null): OutText {
  return { kind: 'text', value, from };
}

export function list(items: readonly Out[], from: Foreign | null = null): OutList {
  return { kind: 'list', items, from };
}

/** Of entries with the same key the last one stays, in the place of the first. */
export function map(entries: readonly (OutEntry | null | undefined)[], from: Foreign | null = null): OutMap {
  const kept = new Map<string, OutEntry>();
  for (const one of entries) if (one !== null && one !== undefined) kept.set(one.key, one);
  return { kind: 'map', entries: [...kept.values()], from };
}

/** Where `value` is its own text, it comes from the same place. */
export function entry(key: string, value: Out | string, from: Foreign | null = null): OutEntry {
  return { key, value: typeof value === 'string' ? text(value, from) : value, from };
}

/** A list of texts, or nothing where there are none. */
export function textsEntry(
  key: string,
  values: readonly string[],
  from: Foreign | null = null,
): OutEntry | null {
  if (values.length === 0) return null;
  const [only] = values;
  const one = values.length === 1 && only !== undefined ? text(only, from) : null;
  return { key, value: one ?? list(values.map((value) => text(value, from))), from };
}

/** All of a value as it is; each text goes through `change`. */
export function copy(value: Foreign, change: (text: string, at: Foreign) => string = same): Out {
  switch (value.kind) {
    case 'map':
      return map(
        value.entries().map((one) => entry(one.key, copy(one, change), one)),
        value,
      );
    case 'list':
      return list(
        value.items().map((one) => copy(one, change)),
        value,
      );
    case 'text':
    case 'nothing':
      return text(change(value.text() ?? '', value), value);
  }
}

const same = (value: string): string => value;
