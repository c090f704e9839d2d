import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseEnvFile } from '../../../config/env-file.ts';
import { SETTINGS } from '../../../config/settings-table.ts';
import { readPartsSettings, readServerSettings, readWorkerSettings } from '../../../config/settings.ts';

const text = readFileSync(new URL('../../../config/example.env', import.meta.url), 'utf8');
const { entries, badLines } = parseEnvFile(text);

test('the example lists every setting, in the order of the table, and no other', () => {
  expect(badLines).toEqual([]);
  expect(entries.map(([name]) => name)).toEqual(Object.values(SETTINGS).map(({ name }) => name));
});

test("the example says of each setting what the table says, and gives the table's example", () => {
  const blocks = new Map(
    [...text.matchAll(/((?:^# .*\n)+)^([A-Z_]+)=(.*)$/gm)].map(([, comment = '', name = '', value = '']) => [
      name,
      { about: comment.replace(/^# /gm, '').trim().replaceAll('\n', ' '), value },
    ]),
  );
  for (const { name, about, example } of Object.values(SETTINGS))
    expect(blocks.get(name), name).toEqual({ about, value: example });
});

test('the example as it stands is a valid configuration for every process', () => {
  const environment = Object.fromEntries(entries);
  expect(readServerSettings(environment).url).toBe('https://ci.example.com');
  expect(readWorkerSettings(environment).router?.bind).toEqual({ host: '0.0.0.0', port: 80 });
  expect(readPartsSettings(environment).mayInstall).toBe(true);
});
