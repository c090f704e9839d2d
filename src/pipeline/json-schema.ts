import { pipelineRecord } from './grammar/pipeline.ts';
import type { Definitions, JsonSchema } from './shape/shape.ts';

/** The grammar as JSON Schema, draft 2020-12, for editors. `docs/slipway.schema.json` is this. */
export function pipelineSchema(): JsonSchema {
  const definitions: Definitions = new Map();
  const schema = pipelineRecord.schema(definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Slipway pipeline file',
    ...schema,
    $defs: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
