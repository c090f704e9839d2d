import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { pipelineSchema } from '../../../src/pipeline/json-schema.ts';
import { referenceParts } from '../../../src/pipeline/reference.ts';

const root = new URL('../../../', import.meta.url);
const reference = readFileSync(new URL('docs/pipeline.md', root), 'utf8');

/** Puts the parts made from the code between their marks; `vitest -u` writes the result. */
function refresh(text: string): string {
  return text.replace(
    /(<!-- begin: ([^>]+) -->)([\s\S]*?)(<!-- end -->)/g,
    (_, begin: string, name: string, old: string, end: string) => {
      const part = referenceParts().get(name);
      if (part === undefined) throw new Error(`the code has no part "${name}"`);
      const gap = old.includes('\n') ? '\n' : ' ';
      return `${begin}${gap}${part}${gap}${end}`;
    },
  );
}

/** Examples show what secrets and included files look like, and not a whole file around them. */
const ON_PURPOSE: readonly string[] = ['include_unread', 'secret_in_pull_request'];

test('the tables of docs/pipeline.md are those of the grammar', async () => {
  await expect(refresh(reference)).toMatchFileSnapshot('../../../docs/pipeline.md');
});

test('docs/pipeline.md has a place for every table of the grammar', () => {
  const places = [...reference.matchAll(/<!-- begin: ([^>]+) -->/g)].map(([, name]) => name);
  const parts = [...referenceParts()]
    .filter(([name, text]) => text !== '' && name !== 'lint')
    .map(([name]) => name);
  expect(parts.filter((name) => !places.includes(name) && !REPEATED.includes(name))).toEqual([]);
});

/** Shown once for both kinds of conditions, or a single key told in the text. */
const REPEATED = [
  'later keys of stage conditions',
  'later keys of workflow conditions',
  'keys of workflow conditions',
  'later keys of filter',
  'later keys of push',
  'later keys of resources',
  'later keys of health',
];

test('every example of docs/pipeline.md is a file without problem and warning', () => {
  const examples = [...reference.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(7);
  for (const text of examples) {
    const [, name = 'slipway.yml'] = /^# (\.slipway\/\S+)/.exec(text) ?? [];
    const problems = lintPipeline(text, name).filter(({ code }) => !ON_PURPOSE.includes(code));
    expect(problems, text).toEqual([]);
  }
});

test('docs/slipway.schema.json is the schema of the grammar', async () => {
  const schema = `${JSON.stringify(pipelineSchema(), null, 2)}\n`;
  await expect(schema).toMatchFileSnapshot('../../../docs/slipway.schema.json');
});
