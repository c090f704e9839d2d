import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Takes the operations that Slipway uses out of GitHub's published OpenAPI description, with every schema they name,
 * into `test/fixtures/github/openapi.json`. The description is that of the package `@octokit/openapi`, which is 400 MB
 * unpacked and therefore no dependency:
 *
 *     npm pack @octokit/openapi && tar xf octokit-openapi-*.tgz package/generated/api.github.com.json
 *     node test/support/github/extract-openapi.ts package/generated/api.github.com.json
 */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/statuses/{sha}': ['post'],
  '/repos/{owner}/{repo}/check-runs': ['post'],
  '/repos/{owner}/{repo}/check-runs/{check_run_id}': ['patch'],
  '/repos/{owner}/{repo}/commits/{ref}/check-runs': ['get'],
  '/repos/{owner}/{repo}/installation': ['get'],
  '/repos/{owner}/{repo}/hooks': ['get'],
  '/repos/{owner}/{repo}/hooks/{hook_id}/deliveries': ['get'],
  '/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
  '/app/hook/deliveries': ['get'],
  '/app/hook/deliveries/{delivery_id}': ['get'],
};

/** Words for readers, which say nothing about what is valid. */
const LEFT_OUT = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'externalDocs',
  'tags',
  'x-github',
]);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const [, , source = ''] = process.argv;
const whole = JSON.parse(readFileSync(source, 'utf8')) as JsonObject;
const components: Record<string, JsonObject> = {};
const paths: Record<string, JsonObject> = {};
for (const [path, methods] of Object.entries(OPERATIONS))
  for (const method of methods) (paths[path] ??= {})[method] = take(find(['paths', path, method]));
const extract = { openapi: whole['openapi'], info: whole['info'], paths, components };
const target = fileURLToPath(new URL('../../fixtures/github/openapi.json', import.meta.url));
writeFileSync(target, `${JSON.stringify(extract, null, 1)}\n`);

/** A copy without words; what it refers to is put among the components. */
function take(value: Json, isNames = false): Json {
  if (Array.isArray(value)) return value.map((item) => take(item));
  if (typeof value !== 'object' || value === null) return value;
  const reference = value['$ref'];
  if (typeof reference === 'string') takeComponent(reference);
  const kept = Object.entries(value).filter(([key]) => isNames || !LEFT_OUT.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, take(inner, key === 'properties')]));
}

function takeComponent(reference: string): void {
  const [, , kind = '', name = ''] = reference.split('/');
  const group = (components[kind] ??= {});
  if (name in group) return;
  group[name] = null;
  group[name] = take(find(['components', kind, name]));
}

function find(keys: readonly string[]): Json {
  let value: Json | undefined = whole;
  for (const key of keys) value = (value as JsonObject | undefined)?.[key];
  if (value === undefined) throw new Error(`${source} has no ${keys.join(' ')}`);
  return value;
}
