import type { z } from 'zod';

/** One setting: a variable of the environment, or a line of the file that SLIPWAY_CONFIG names. */
export interface Setting<T = unknown> {
  /** Name of the variable. */
  readonly name: string;
  /** What it is for; `config/example.env` carries this text. */
  readonly about: string;
  /** A value that is valid, for the example and for messages. */
  readonly example: string;
  /** Text to value; its messages complete the sentence "<name>: <value> …". */
  readonly schema: z.ZodType<T, string>;
  /** Used when the variable is absent or empty. */
  readonly fallback: T | typeof REQUIRED;
  /** A secret is never shown, has no default, and may be read from the file that `<name>_FILE` names. */
  readonly secret: boolean;
}

/** Marks a setting without a default. */
export const REQUIRED = Symbol('required');

/** A setting that may be absent. */
export function setting<T>(
  name: string,
  schema: z.ZodType<T, string>,
  fallback: T,
  example: string,
  about: string,
): Setting<T> {
  return { name, schema, fallback, example, about, secret: false };
}

/** A setting that must be given. */
export function required<T>(
  name: string,
  schema: z.ZodType<T, string>,
  example: string,
  about: string,
): Setting<T> {
  return { name, schema, fallback: REQUIRED, example, about, secret: false };
}

/** A secret: also from a file, never shown. `fallback` is what "none" is; no secret has a default. */
export function secret<T>(
  name: string,
  schema: z.ZodType<T, string>,
  fallback: T | typeof REQUIRED,
  example: string,
  about: string,
): Setting<T> {
  return { name, schema, fallback, example, about, secret: true };
}
