import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compatibilityRows, compatibilityTable } from '../../../src/convert/compatibility.ts';
import { FORMATS } from '../../../src/convert/converted.ts';

const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');

it('docs/compatibility.md says of every documented key what the converter does', async () => {
  const refreshed = page.replace(
    /(<!-- begin: (\w+) -->)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const format = FORMATS.find((one) => one === name);
      if (format === undefined) throw new Error(`there is no format "${name}"`);
      return `${begin}\n${compatibilityTable(format)}\n${end}`;
    },
  );
  await expect(refreshed).toMatchFileSnapshot('../../../docs/compatibility.md');
});

it.each(FORMATS)('every documented key of %s is known, and a refused one says why', (format) => {
  const rows = compatibilityRows(format);
  expect(rows.length).toBeGreaterThan(45);
  expect(page).toContain(`<!-- begin: ${format} -->`);
  expect(rows.filter(({ state }) => state === 'not known')).toEqual([]);
  for (const { state, why, key } of rows)
    expect(why !== '', key).toBe(state !== 'yes' && state !== 'converted');
});
