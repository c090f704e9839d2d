import { parse } from 'yaml';

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
}

/**
 * Every key of the grammar as a path such as `steps.when.branch.include`, and every value of a closed set, such as
 * `steps.failure=cancel`. Lists and maps of names add nothing to a path.
 */
export function keysOfSchema(root: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  /** Definitions that have been followed at a path: some contain themselves. */
  const followed = new Set<string>();
  const walk = (schema: Schema, path: string): void => {
    const name = schema.$ref?.split('/').at(-1);
    const definition = name === undefined ? undefined : (root as Schema).$defs?.[name];
    const at = `${name} ${path}`;
    if (definition !== undefined && !followed.has(at)) {
      followed.add(at);
      walk(definition, path);
    }
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      const inside = join(path, key);
      found.add(inside);
      if (!isStepsAgain(inside, inner, schema)) walk(inner, inside);
    }
    for (const value of schema.enum ?? []) found.add(`${path}=${value}`);
    for (const inner of schema.anyOf ?? []) walk(inner, path);
    if (schema.items !== undefined) walk(schema.items, path);
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, path);
  };
  walk(root as Schema, '');
  return found;
}

/** The steps of `clone` become the first of `steps`: the same definition, read and planned by the same code. */
function isStepsAgain(path: string, schema: Schema, beside: Schema): boolean {
  const valueOf = ({ anyOf }: Schema): string => JSON.stringify(anyOf);
  const steps = beside.properties?.['steps'];
  return path === 'clone' && steps !== undefined && valueOf(schema) === valueOf(steps);
}

/** The keys and values that a pipeline file uses, as the same paths; more of them than there are keys. */
export function keysOfFile(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (value: unknown, path: string, inNames: boolean): void => {
    if (Array.isArray(value)) return value.forEach((inner) => walk(inner, path, false));
    if (typeof value !== 'object' || value === null) return void found.add(`${path}=${String(value)}`);
    for (const [key, inner] of Object.entries(value)) {
      const inside = inNames ? path : join(path, key);
      found.add(inside);
      walk(inner, inside, isNames(inside) && !inNames && !Array.isArray(inner));
    }
  };
  walk(parse(text), '', false);
  return found;
}

/** Whether the value of a key may be a map from a name to the thing. */
export const isNames = (key: string): boolean => NAMES.has(key);

const NAMES = new Set([
  'services',
  'steps',
  'clone',
  'services.environment',
  'steps.environment',
  'steps.settings',
  'deploy.env',
  'image.args',
  'inputs',
  'cron',
]);

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
