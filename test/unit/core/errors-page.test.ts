import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENDS, type EndEntry } from '../../../src/core/end.ts';
import { CATALOGUE } from '../../../src/core/problem.ts';
import type { CatalogueEntry } from '../../../src/core/problem.ts';
import { referenceParts } from '../../../src/pipeline/reference.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const SECTION = /^### `(\w+)` \((?:\d+|failure|error)\)\n\n> .*\n\n([\s\S]*?)\n\n\*\*Fix:\*\* .*$/gm;
const causes = new Map([...page.matchAll(SECTION)].map(([, code = '', cause = '']) => [code, cause]));
const CODES = [...Object.keys(CATALOGUE), ...Object.keys(ENDS)];

/** The page as the catalogues want it, with the causes that it has. */
function refreshed(): string {
  const problems = Object.entries<CatalogueEntry>(CATALOGUE).map(([code, { http, message, fix }]) =>
    section(code, String(http), message, fix),
  );
  const ends = Object.entries<EndEntry>(ENDS).map(([code, { status, reason, fix }]) =>
    section(code, status, reason, fix),
  );
  const [lintHead = ''] = after('Of the pipeline file').split(/^\|/m);
  return [
    before(page),
    problems.join('\n\n'),
    '\n\n',
    before(after('Of the ends of work')),
    ends.join('\n\n'),
    '\n\n',
    `${lintHead}${referenceParts().get('lint')}\n`,
  ].join('');
}

/** What stands before the first code. */
function before(part: string): string {
  const [head = ''] = part.split(/^### /m);
  return head;
}

/** The page from that heading on. */
function after(heading: string): string {
  const [, part = ''] = page.split(new RegExp(`^(?=## ${heading}$)`, 'm'));
  return part;
}

function section(code: string, kind: string, said: string, fix: string): string {
  return [
    `### \`${code}\` (${kind})`,
    `> ${said.replaceAll('\n', ' ')}`,
    causes.get(code) ?? 'CAUSE',
    `**Fix:** ${fix}`,
  ].join('\n\n');
}

test('docs/errors.md tells of every code of the catalogue and of every problem of lint, with their texts, and of no other', async () => {
  await expect(refreshed()).toMatchFileSnapshot('../../../docs/errors.md');
});

test('every code has its cause told, each in its own words', () => {
  for (const code of CODES)
    expect(causes.get(code) ?? '', `write the cause of ${code} in docs/errors.md`).toMatch(
      /^[A-Z][\s\S]{20,}\.$/,
    );
  expect(new Set(causes.values()).size).toBe(causes.size);
});
