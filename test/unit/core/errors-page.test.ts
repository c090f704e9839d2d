import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/core/problem.ts';
import type { CatalogueEntry } from '../../../src/core/problem.ts';
import { referenceParts } from '../../../src/pipeline/reference.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const SECTION = /^### `(\w+)` \(\d+\)\n\n> .*\n\n([\s\S]*?)\n\n\*\*Fix:\*\* .*$/gm;
const causes = new Map([...page.matchAll(SECTION)].map(([, code = '', cause = '']) => [code, cause]));

/** The page as the catalogues want it, with the causes that it has. */
function refreshed(): string {
  const sections = Object.entries<CatalogueEntry>(CATALOGUE).map(([code, { http, message, fix }]) =>
    [
      `### \`${code}\` (${http})`,
      `> ${message.replaceAll('\n', ' ')}`,
      causes.get(code) ?? 'CAUSE',
      `**Fix:** ${fix}`,
    ].join('\n\n'),
  );
  const [head = ''] = page.split(/^### /m);
  const [, lint = ''] = page.split(/^(?=## Of the pipeline file$)/m);
  const [lintHead = ''] = lint.split(/^\|/m);
  return `${head}${sections.join('\n\n')}\n\n${lintHead}${referenceParts().get('lint')}\n`;
}

test('docs/errors.md tells of every code of the catalogue and of every problem of lint, with their texts, and of no other', async () => {
  await expect(refreshed()).toMatchFileSnapshot('../../../docs/errors.md');
});

test('every code has its cause told, each in its own words', () => {
  for (const code of Object.keys(CATALOGUE))
    expect(causes.get(code) ?? '', `write the cause of ${code} in docs/errors.md`).toMatch(
      /^[A-Z][\s\S]{20,}\.$/,
    );
  expect(new Set(causes.values()).size).toBe(causes.size);
});
