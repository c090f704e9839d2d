import { isMap, isScalar } from 'yaml';
import type { Node, Pair } from 'yaml';
import { didYouMean } from '../../core/did-you-mean.ts';
import { isEmpty, kindOf, nodeSpan } from '../parse-yaml.ts';
import type { Cursor, MapEntry } from './cursor.ts';
import { lastOf, shorten } from './scalar.ts';
import type { Definitions, JsonSchema, Shape } from './shape.ts';

/** A key of a record. */
export interface Key<T, F> {
  readonly shape: Shape<T>;
  /** One sentence for the reference. */
  readonly about: string;
  readonly required: boolean;
  /** Stands where the key is absent. */
  readonly fallback: F;
  /** The default in words, for the reference; null: none. */
  readonly standard: string | null;
}

type Keys = Readonly<Record<string, Key<unknown, unknown>>>;
type RecordOf<K extends Keys> = {
  readonly [N in keyof K]: K[N] extends Key<infer T, infer F> ? T | F : never;
};

/** A map with fixed keys. */
export interface RecordShape<T> extends Shape<T> {
  /** Name in messages and in the reference, e.g. "a step". */
  readonly title: string;
  readonly keys: Keys;
  /** Keys that mean something in Woodpecker, or will here, with what to do instead. */
  readonly notYet: Readonly<Record<string, string>>;
}

export function required<T>(shape: Shape<T>, about: string): Key<T, never> {
  return { shape, about, required: true, fallback: undefined as never, standard: null };
}

/** A key that may be absent; then it is null. */
export function optional<T>(shape: Shape<T>, about: string, standard: string | null = null): Key<T, null> {
  return { shape, about, required: false, fallback: null, standard };
}

/** A key that may be absent; then it is `fallback`, which the reference writes as `standard`. */
export function defaulted<T, F extends T>(
  shape: Shape<T>,
  about: string,
  fallback: F,
  standard: string,
): Key<T, F> {
  return { shape, about, required: false, fallback, standard };
}

/** @param oneOf Keys of which one must be there; the first is what a problem asks for. */
export function record<K extends Keys>(
  title: string,
  keys: K,
  notYet: Readonly<Record<string, string>> = {},
  oneOf: readonly (keyof K & string)[] = [],
): RecordShape<RecordOf<K>> {
  const blankOf = ({ shape, required, fallback }: Key<unknown, unknown>) =>
    required ? shape.blank : fallback;
  const build = (value: (name: string, key: Key<unknown, unknown>) => unknown) =>
    Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, value(name, key)])) as RecordOf<K>;
  const shape: RecordShape<RecordOf<K>> = {
    title,
    keys,
    notYet,
    phrase: `${title}: a map with ${Object.keys(keys)
      .slice(0, 3)
      .map((name) => `\`${name}\``)
      .join(', ')}${Object.keys(keys).length > 3 ? ' …' : ''}`,
    blank: build((_, key) => blankOf(key)),
    schema: (definitions) => schemaOf(keys, oneOf, definitions),
    read: (cursor) => {
      if (!isMap(cursor.node)) {
        refuse(cursor, shape);
        return shape.blank;
      }
      const { pairs, misspelt } = readPairs(cursor, shape);
      const [wanted] = oneOf;
      if (wanted !== undefined && !oneOf.some((name) => pairs.has(name) || misspelt.has(name)))
        reportMissing(cursor, title, wanted, keys[wanted]?.about ?? '');
      const given = oneOf.filter((name) => pairs.has(name));
      return build((name, key) => {
        const pair = pairs.get(name);
        const isNeeded = key.required || (given.length === 1 && given.includes(name));
        if (pair !== undefined) return readValue(cursor, name, pair, { ...key, required: isNeeded });
        if (key.required && !misspelt.has(name)) reportMissing(cursor, title, name, key.about);
        return blankOf(key);
      });
    },
  };
  return shape;
}

function reportMissing(cursor: Cursor, title: string, key: string, about: string): void {
  cursor.report('key_missing', { where: capital(title), key, about }, startOf(cursor));
}

function refuse(cursor: Cursor, { title, phrase }: RecordShape<unknown>): void {
  const what = lastOf(cursor);
  if (isEmpty(cursor.node))
    cursor.report('value_missing', { what, expected: phrase, otherwise: ', or `{}`' });
  else
    cursor.report('type_wrong', {
      what,
      seen: kindOf(cursor.node),
      expected: phrase,
      fix: `Write \`key: value\` lines, indented: ${phrase.slice(title.length + 2)}.`,
    });
}

/** The pairs with known keys, the first of each; the others are reported, with the keys they were meant to be. */
function readPairs(
  cursor: Cursor,
  shape: RecordShape<unknown>,
): { readonly pairs: ReadonlyMap<string, MapEntry>; readonly misspelt: ReadonlySet<string | null> } {
  const pairs = new Map<string, MapEntry>();
  const misspelt = new Set<string | null>();
  for (const entry of cursor.entries()) {
    const name = keyText(cursor, entry.pair);
    if (name === null) continue;
    if (!Object.hasOwn(shape.keys, name)) misspelt.add(reportUnknown(cursor, shape, name, entry.pair));
    else if (!pairs.has(name)) pairs.set(name, entry);
  }
  return { pairs, misspelt };
}

/** The text of a key; null, and reported, for a key that is a list or a map. */
export function keyText(cursor: Cursor, pair: Pair): string | null {
  if (isScalar(pair.key) && typeof pair.key.value === 'string' && pair.key.value !== '')
    return pair.key.value;
  cursor.report('key_complex', {}, keySpan(pair) ?? cursor.span);
  return null;
}

export function keySpan(pair: Pair): { offset: number; length: number } | undefined {
  const key = pair.key as Node | null;
  return key?.range ? nodeSpan(key) : undefined;
}

/** Gives the key that was probably meant. */
function reportUnknown(cursor: Cursor, shape: RecordShape<unknown>, name: string, pair: Pair): string | null {
  const known = Object.keys(shape.keys);
  const later = shape.notYet[name];
  const details = { key: shorten(name), where: shape.title };
  if (later !== undefined && Object.hasOwn(shape.notYet, name)) {
    cursor.report('key_not_yet', { ...details, fix: later }, keySpan(pair));
    return null;
  }
  const near = didYouMean(name, [...known, ...Object.keys(shape.notYet)]);
  const list = known.map((one) => `\`${one}\``).join(', ');
  const fix = near === null ? `Known are ${list}.` : `Did you mean \`${near}\`?`;
  cursor.report('key_unknown', { ...details, fix }, keySpan(pair));
  return near;
}

function readValue(
  cursor: Cursor,
  name: string,
  { pair, down }: MapEntry,
  key: Key<unknown, unknown>,
): unknown {
  const place = down(name);
  if (place !== null && !isEmpty(place.node)) return key.shape.read(place);
  const what = `\`${cursor.path === '' ? name : `${cursor.path}.${name}`}\``;
  if (pair.value === null || place !== null)
    cursor.report(
      'value_missing',
      { what, expected: key.shape.phrase, otherwise: key.required ? '' : ', or remove the key' },
      keySpan(pair),
    );
  return key.shape.blank;
}

/** What to underline when something is absent: the record's first key. */
function startOf(cursor: Cursor): { offset: number; length: number } | undefined {
  const [first] = isMap(cursor.node) ? cursor.node.items : [];
  return first === undefined ? undefined : keySpan(first);
}

function schemaOf(keys: Keys, oneOf: readonly string[], definitions: Definitions): JsonSchema {
  const properties = Object.entries(keys).map(([name, { shape, about, standard }]) => [
    name,
    {
      ...shape.schema(definitions),
      description: standard === null ? about : `${about} Default: ${standard}.`,
    },
  ]);
  const must = Object.keys(keys).filter((name) => keys[name]?.required);
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as JsonSchema,
    ...(must.length > 0 ? { required: must } : {}),
    ...(oneOf.length > 0
      ? { anyOf: oneOf.map((name) => ({ properties: { [name]: true }, required: [name] })) }
      : {}),
    additionalProperties: false,
  };
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
