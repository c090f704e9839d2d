import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';

/**
 * GitHub's published OpenAPI description, as far as Slipway uses it: which requests there are, and what is valid in
 * them and in their answers. Made by `extract-openapi.ts`.
 */
export interface Operation {
  /** e.g. `post /repos/{owner}/{repo}/statuses/{sha}`. */
  readonly name: string;
  /** Values of the path's parameters. */
  readonly params: Readonly<Record<string, string>>;
  /** What is wrong with a request, empty for nothing. */
  readonly problemsOfRequest: (query: URLSearchParams, body: unknown) => readonly string[];
  /** What is wrong with an answer; a status that is not described has GitHub's general form of an error. */
  readonly problemsOfAnswer: (status: number, body: unknown) => readonly string[];
  /** The least that is a valid answer. */
  readonly leastAnswer: (status: number) => unknown;
}

type Schema = { [key: string]: unknown };
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
}
interface DescribedOperation {
  readonly parameters?: readonly (Parameter | { $ref: string })[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { $ref?: string; content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;

const file = new URL('../../fixtures/github/openapi.json', import.meta.url);
const description = withNull(JSON.parse(readFileSync(file, 'utf8'))) as Description;
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, coerceTypes: false });
ajv.addSchema({ ...description, $id: 'github' });
/** Values of a query are text until the description says what they are. */
const ofText = new Ajv({ strict: false, validateFormats: false, coerceTypes: true });

/** The operation that a request is for; null for one that GitHub does not have, or Slipway should not use. */
export function findOperation(method: string, path: string): Operation | null {
  for (const [template, methods] of Object.entries(description.paths)) {
    const pattern = template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(path);
    const operation = methods[method.toLowerCase()];
    if (match === null || operation === undefined) continue;
    return operationOf(
      `${method.toLowerCase()} ${template}`,
      operation,
      Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
      ),
    );
  }
  return null;
}

function operationOf(
  name: string,
  operation: DescribedOperation,
  params: Readonly<Record<string, string>>,
): Operation {
  const described = (operation.parameters ?? []).map((one) =>
    '$ref' in one ? (resolve(one.$ref) as unknown as Parameter) : one,
  );
  const schemaOfAnswer = (status: number): Schema | null => {
    const found = operation.responses[String(status)];
    const content = (found?.$ref === undefined ? found : resolve(found.$ref))?.content as Content | undefined;
    return content?.['application/json']?.schema ?? null;
  };
  return {
    name,
    params,
    problemsOfRequest: (query, body) => [
      ...described
        .filter((one) => one.in === 'path')
        .flatMap((one) => problems(ofText.compile(inline(one.schema)), params[one.name], one.name)),
      ...[...query.keys()]
        .filter((key) => !described.some((one) => one.in === 'query' && one.name === key))
        .map((key) => `${name}: the query has ${key}, which is not described`),
      ...described
        .filter((one) => one.in === 'query' && query.has(one.name))
        .flatMap((one) => problems(ofText.compile(inline(one.schema)), query.get(one.name), one.name)),
      ...(operation.requestBody === undefined
        ? body === undefined
          ? []
          : [`${name}: has a body`]
        : problems(compile(operation.requestBody.content['application/json']?.schema ?? {}), body, name)),
    ],
    problemsOfAnswer: (status, body) => {
      const schema = schemaOfAnswer(status) ?? { $ref: '#/components/schemas/basic-error' };
      return problems(compile(schema), body, `${name} ${status}`);
    },
    leastAnswer: (status) => least(schemaOfAnswer(status) ?? {}),
  };
}

const compiled = new Map<Schema, ValidateFunction>();

function compile(schema: Schema): ValidateFunction {
  const known = compiled.get(schema) ?? ajv.compile(absolute(schema) as Schema);
  compiled.set(schema, known);
  return known;
}

function problems(validate: ValidateFunction, value: unknown, place: string): readonly string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${place}${instancePath}: ${message ?? ''}`,
  );
}

/** References of a part, made to find the whole. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string' ? [key, `github${inner}`] : [key, absolute(inner)],
    ),
  );
}

/** `nullable` of OpenAPI 3.0 in the words of JSON Schema. */
function withNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNull);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Schema;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, withNull(one)]));
  if (nullable === undefined || typeof nullable === 'object') return inner;
  return nullable === true ? { anyOf: [inner, { type: 'null' }] } : inner;
}

function resolve(reference: string): Schema {
  const [, , kind = '', name = ''] = reference.split('/');
  const found = description.components[kind]?.[name];
  if (found === undefined) throw new Error(`the description has no ${reference}`);
  return found;
}

const inline = (schema: Schema): Schema =>
  typeof schema['$ref'] === 'string' ? resolve(schema['$ref']) : schema;

/** The least value of a schema: what is required, each the simplest that it may be. */
function least(schema: Schema): unknown {
  if (typeof schema['$ref'] === 'string') return least(resolve(schema['$ref']));
  const any = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
  if (any !== undefined) return any.some((one) => one['type'] === 'null') ? null : least(any[0] ?? {});
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (Array.isArray(schema['allOf']))
    return Object.assign({}, ...(schema['allOf'] as Schema[]).map((one) => least(one) as object)) as object;
  switch (schema['type']) {
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
      const required = (schema['required'] ?? []) as readonly string[];
      return Object.fromEntries(required.map((name) => [name, least(properties[name] ?? {})]));
    }
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 0;
    case 'boolean':
      return false;
    case 'string':
      return schema['format'] === 'date-time' ? '2026-01-01T00:00:00Z' : '';
    default:
      return {};
  }
}
