import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TEST_LIMITS } from '../../../../src/core/test-report.ts';
import { textMasker } from '../../../../worker/logs/mask-reasons.ts';
import { readReports } from '../../../../worker/reports/read-reports.ts';
import { listFiles, markFiles } from '../../../../worker/collect/collect-files.ts';
import { localPlace } from '../collect/local-place.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-reports-'));
  mkdirSync(path.join(folder, 'reports'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string) => writeFileSync(path.join(folder, 'reports', name), text);
const read = (secrets: Record<string, string> = {}) =>
  readReports(localPlace(folder), ['reports/*.xml'], textMasker({ values: secrets, registries: {} }));
const suite = (tests: string) => `<testsuite name="s">${tests}</testsuite>`;
const failing = (name: string, said: string) =>
  `<testcase name="${name}"><failure>${said}</failure></testcase>`;

it('reads all files together, what did not pass first, each test under a name of its own', async () => {
  put('b.xml', suite(`<testcase name="x"/>${failing('y', `at ${folder}/src/y.ts:3:1`)}`));
  put('a.xml', suite('<testcase name="x"/><testcase name="z"><skipped/></testcase>'));
  const report = await read();
  expect(report).toMatchObject({
    files: 2,
    note: null,
    counts: { passed: 2, failed: 1, error: 0, skipped: 1 },
  });
  expect(report.results.map(({ name, status, file, line }) => [name, status, file, line])).toEqual([
    ['y', 'failed', 'src/y.ts', 3],
    ['z', 'skipped', null, null],
    ['x', 'passed', null, null],
    ['x (2)', 'passed', null, null],
  ]);
});

it('leaves tests of one name their name where the report says that they are of two files', async () => {
  const of = (file: string, name: string) => `<testcase name="${name}" file="${folder}/${file}"/>`;
  const failed = `<testcase name="x" file="c.ts"><failure>at b.ts:3:1</failure></testcase>`;
  put('a.xml', suite(of('a.ts', 'x') + of('b.ts', 'x') + of('b.ts', 'x') + failed));
  const { results } = await read();
  expect(results.map(({ name, file, ownFile }) => [name, file, ownFile])).toEqual([
    ['x', 'c.ts', true],
    ['x', 'a.ts', true],
    ['x', 'b.ts', true],
    ['x (2)', 'b.ts', true],
  ]);
  put('a.xml', suite(failing('y', `at ${folder}/src/y.ts:3:1`)));
  expect((await read()).results[0]).not.toHaveProperty('ownFile');
});

it('tells of files that are none, and counts what they had', async () => {
  put('a.xml', suite('<testcase name="a"/>'));
  put('broken.xml', '<testsuite><testcase name="b"/><');
  const report = await read();
  expect(report).toMatchObject({ files: 2, counts: { passed: 2 } });
  expect(report.note).toMatch(/^reports\/broken\.xml is no XML: /);
  rmSync(path.join(folder, 'reports'), { recursive: true });
  expect(await read()).toEqual({
    files: 0,
    counts: { passed: 0, failed: 0, error: 0, skipped: 0 },
    results: [],
    note: null,
  });
});

it('masks secrets in all that it tells, also where a text is cut', async () => {
  const secret = 'correct-horse-battery-staple';
  put('a.xml', suite(failing(`with ${secret}`, `password=${secret}`)));
  put(
    'b.xml',
    suite(
      failing('cut', `${'-'.repeat(TEST_LIMITS.message - 10)}${secret}`) +
        failing('many', secret.repeat(2_000)),
    ),
  );
  const { results } = await read({ token: secret });
  const told = JSON.stringify(results);
  expect(told).not.toMatch(/correct|horse|battery/);
  expect(results[0]).toMatchObject({ name: 'with ********', message: 'password=********' });
});

it('masks a text before it is cut while it is read, and before a place is looked for in it', async () => {
  const secret = 'correct-horse/battery.py:1234567';
  const failure = (said: string) => failing('t', said);
  put('a.xml', suite(failure(`key=(${secret}`) + failure(`${' '.repeat(64 * 1024 - 20)}${secret}`)));
  put('b.xml', suite(failure(`${'('.repeat(16 * 1024 - 20)} ${secret}`)));
  put('c.xml', '<correct-horse-battery-staple-and-many-more-words/>');
  const report = await read({ token: secret, word: 'horse-battery-staple-and-many-more-words' });
  expect(report.results).toHaveLength(3);
  expect(report.results.map(({ file, line }) => [file, line])).toEqual(Array(3).fill([null, null]));
  expect(JSON.stringify(report)).not.toMatch(/horse|battery|1234/);
});

it('masks the name of a file before it is told from the workspace on', async () => {
  put('a.xml', suite(`<testcase name="a" file="${folder}/hidden/a.ts"/>`));
  const [result] = (await read({ place: `${folder}/hidden` })).results;
  expect(result?.file).toBe('********/a.ts');
});

it('bounds every text and the number of tests', async () => {
  const long = 'x'.repeat(30_000);
  put(
    'a.xml',
    `<testsuite name="${long}">${failing(long, long)}${'<testcase name="p"/>'.repeat(TEST_LIMITS.results)}</testsuite>`,
  );
  const report = await read();
  expect(report.results).toHaveLength(TEST_LIMITS.results);
  expect(report.counts).toEqual({ passed: TEST_LIMITS.results, failed: 1, error: 0, skipped: 0 });
  expect(report.note).toBe('1 tests are counted and not listed');
  const [first] = report.results;
  expect(first?.status).toBe('failed');
  expect(first?.suite).toHaveLength(TEST_LIMITS.suite);
  expect(first?.name.length).toBeLessThanOrEqual(TEST_LIMITS.name);
  expect(first?.message).toHaveLength(TEST_LIMITS.message);
});

it('reads nothing again that an earlier attempt has left, and all that was written since, also the same bytes', async () => {
  const place = localPlace(folder);
  for (const name of ['old', 'rewritten', 'replaced']) put(`${name}.xml`, suite(failing(name, 'no')));
  const before = await markFiles(place, await listFiles(place, ['reports/*.xml']));
  expect([...before.keys()]).toHaveLength(3);
  put('rewritten.xml', suite(failing('rewritten', 'no')));
  rmSync(path.join(folder, 'reports', 'replaced.xml'));
  put('replaced.xml', suite(failing('replaced', 'no')));
  put('new.xml', suite('<testcase name="new"/>'));
  const mask = textMasker({ values: {}, registries: {} });
  const report = await readReports(place, ['reports/*.xml'], mask, before);
  expect(report).toMatchObject({ files: 3, note: '1 of an earlier attempt was not read again' });
  expect(report.results.map(({ name }) => name)).toEqual(['replaced', 'rewritten', 'new']);
});
