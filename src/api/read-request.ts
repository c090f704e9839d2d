import type { Request } from 'express';
import { z } from 'zod';
import { didYouMean } from '../core/did-you-mean.ts';
import { Problem } from '../core/problem.ts';

/** The JSON body as the schema has it. @throws Problem `request_wrong` with the first field that is wrong. */
export function readBodyOf<S extends z.ZodType>(request: Request, schema: S): z.infer<S> {
  const body: unknown = request.body ?? {};
  demandKnownFields(body, fieldsOf(schema));
  return readValue(body, schema, 'body');
}

/** One that is misspelt would be left out in silence: a token without an end, a build of another branch. */
function demandKnownFields(body: unknown, fields: readonly string[] | null): void {
  if (fields === null || typeof body !== 'object' || body === null) return;
  const field = Object.keys(body).find((one) => !fields.includes(one));
  if (field === undefined) return;
  const near = didYouMean(field, fields);
  const help = near === null ? `there are ${fields.join(', ')}` : `perhaps ${near} is meant`;
  throw new Problem('request_wrong', { field: field.slice(0, 256), cause: `is not taken; ${help}` });
}

/** Of a choice of several forms those of all. Null: it is no object. */
function fieldsOf(schema: z.ZodType): readonly string[] | null {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return null;
  return [...new Set(schema.options.flatMap((one) => fieldsOf(one as z.ZodType) ?? []))];
}

/** The query as the schema has it. @throws Problem `request_wrong`. */
export function readQueryOf<S extends z.ZodType>(request: Request, schema: S): z.infer<S> {
  return readValue(request.query, schema, 'query');
}

/** One that is misspelt would have all listed. @throws Problem `query_key_unknown` with the first that is none of `keys`. */
export function demandKnownKeys(request: Request, keys: readonly string[]): void {
  const key = Object.keys(request.query).find((one) => !keys.includes(one));
  if (key === undefined) return;
  const near = didYouMean(key, keys);
  throw new Problem('query_key_unknown', {
    key: key.slice(0, 256),
    path: request.path.slice(0, 256),
    known: keys.length === 0 ? 'it takes none' : `it takes ${keys.join(', ')}`,
    help: near === null ? 'leave it out' : `write ${near}`,
  });
}

/** A path parameter: one segment, decoded, at most 256 characters of it. @throws Problem `request_wrong`. */
export function readParam(request: Request, name: string): string {
  const value = request.params[name];
  if (typeof value !== 'string' || value.length > 256 || /\p{Cc}/u.test(value))
    throw new Problem('request_wrong', { field: name, cause: 'is not an id' });
  return value;
}

/** A value as the schema has it; `whole` is what it is called. @throws Problem `request_wrong`. */
export function readValue<S extends z.ZodType>(value: unknown, schema: S, whole: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success && !hasNul(parsed.data)) return parsed.data;
  const issue = parsed.error?.issues[0];
  throw new Problem('request_wrong', {
    field: issue?.path.join('.') || whole,
    cause: issue?.message ?? 'has the character U+0000',
  });
}

/** PostgreSQL has no text with it, and neither has an environment variable or a path. */
function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNul);
}
