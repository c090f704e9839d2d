import type { Located } from '../report.ts';
import type { Cursor } from './cursor.ts';

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Definitions that a schema refers to by `#/$defs/<name>`, filled while it is made. */
export type Definitions = Map<string, JsonSchema>;

/**
 * One definition of a part of the file, from which come its reading, its lint, its JSON Schema and its
 * row in the reference. Reading is total: what is wrong is reported, and `blank` takes its place, so that
 * all problems are found at once; a result is only used when nothing was reported.
 */
export interface Shape<T> {
  /** What it is, as in "is not …", e.g. "a duration such as `10m`". */
  readonly phrase: string;
  readonly blank: T;
  read(cursor: Cursor): T;
  schema(definitions: Definitions): JsonSchema;
}

/** The value that a shape reads. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** The same, together with where it stands. */
export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return {
    phrase: shape.phrase,
    blank: { value: shape.blank, span: { offset: 0, length: 1 }, path: '' },
    read: (cursor) => ({ value: shape.read(cursor), span: cursor.span, path: cursor.path }),
    schema: (definitions) => shape.schema(definitions),
  };
}

/** The same, as another value. */
export function mapped<T, U>(shape: Shape<T>, to: (value: T) => U): Shape<U> {
  return {
    phrase: shape.phrase,
    blank: to(shape.blank),
    read: (cursor) => to(shape.read(cursor)),
    schema: (definitions) => shape.schema(definitions),
  };
}

/** The same, written once in the JSON Schema and referred to by name. */
export function defined<T>(name: string, shape: Shape<T>): Shape<T> {
  return {
    ...shape,
    schema: (definitions) => {
      if (!definitions.has(name)) {
        definitions.set(name, {});
        definitions.set(name, shape.schema(definitions));
      }
      return { $ref: `#/$defs/${name}` };
    },
  };
}
