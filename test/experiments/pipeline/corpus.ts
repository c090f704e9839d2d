import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

const root = new URL('../../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');

/** Pipeline files that are in use: the design's, our own, the demo's, the reference's examples, and those of every scenario. */
export function readCorpus(): readonly string[] {
  const own = ['test/fixtures/pipeline/sample.yml', 'slipway.yml', 'demo/app/slipway.yml'].map(read);
  const examples = [...read('docs/pipeline.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const scenarios = readdirSync(new URL('test/scenarios/', root))
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .flatMap((name) => filesOf(read(`test/scenarios/${name}`)));
  return [...own, ...examples, ...scenarios];
}

function filesOf(scenario: string): readonly string[] {
  const { files, runs } = parse(scenario) as Scenario;
  return [files, ...runs.map((run) => run.files)].flatMap((one) =>
    Object.entries(one ?? {}).flatMap(([path, text]) => (isPipeline(path) && text !== null ? [text] : [])),
  );
}

const isPipeline = (path: string): boolean => path === 'slipway.yml' || path.startsWith('.slipway/');

interface Scenario {
  readonly files?: Readonly<Record<string, string | null>>;
  readonly runs: readonly { readonly files?: Readonly<Record<string, string | null>> }[];
}
