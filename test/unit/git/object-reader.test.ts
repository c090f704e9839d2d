import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createObjectReader, type ObjectReader } from '../../../src/git/object-reader.ts';

let gitDir: string;
let reader: ObjectReader;
beforeEach(async () => {
  gitDir = await mkdtemp(path.join(tmpdir(), 'slipway-objects-'));
  git('init', '-q', '--bare');
  reader = createObjectReader(gitDir, { maxFileBytes: 300_000 });
});
afterEach(async () => {
  reader.close();
  await rm(gitDir, { recursive: true, force: true });
});

const git = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', gitDir, ...args], {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
const blob = (text: string): string =>
  execFileSync('git', ['--git-dir', gitDir, 'hash-object', '-w', '--stdin'], {
    input: text,
    encoding: 'utf8',
  }).trim();
const textsOf = async (...names: string[]) =>
  (await reader.read(names)).map((object) => object?.text ?? null);
const processes = (): readonly number[] =>
  execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(gitDir))
    .map((line) => Number.parseInt(line, 10));

it('answers many questions at once, each with its own objects, through one process', async () => {
  const texts = Array.from({ length: 50 }, (_, n) => `${n}\n`.repeat(n * 1_500));
  const ids = texts.map(blob);
  const answers = await Promise.all(ids.map((id) => reader.read([id, 'd'.repeat(40), id])));
  for (const [n, [first, missing, second]] of answers.entries()) {
    const text = texts[n] ?? '';
    expect(first).toEqual({ id: ids[n], type: 'blob', bytes: text.length, text });
    expect([missing, second]).toEqual([null, first]);
  }
  expect(processes()).toHaveLength(1);
});

it('answers a small question after a large one', async () => {
  const [large, small] = [blob('x'.repeat(200_000)), blob('y')];
  await textsOf(large);
  const before = processes();
  expect(await textsOf(small)).toEqual(['y']);
  expect(processes()).toEqual(before);
});

it('sees what came after its first question, loose or packed', async () => {
  const id = execFileSync('git', ['hash-object', '--stdin'], { input: 'late', encoding: 'utf8' }).trim();
  expect(await textsOf(id)).toEqual([null]);
  blob('late');
  expect(await textsOf(id)).toEqual(['late']);
  execFileSync('git', ['--git-dir', gitDir, 'pack-objects', '-q', path.join(gitDir, 'objects/pack/pack')], {
    input: `${id}\n`,
  });
  git('prune-packed');
  expect(await textsOf(id)).toEqual(['late']);
  expect(processes()).toHaveLength(1);
});

it('goes on with another process when its own is killed', async () => {
  const id = blob('a');
  await textsOf(id);
  const [before = 0] = processes();
  process.kill(before, 'SIGKILL');
  expect(await textsOf(id)).toEqual(['a']);
  expect(processes()).not.toContain(before);
});

it('leaves the text of a file out that is too large, and reads what comes after it', async () => {
  const [most, small] = [blob('x'.repeat(300_000)), blob('y')];
  for (const bytes of [300_001, 10_000_000]) {
    const large = blob('x'.repeat(bytes));
    expect(await reader.read([small, large, most, large])).toMatchObject([
      { text: 'y' },
      { type: 'blob', bytes, text: null },
      { text: 'x'.repeat(300_000) },
      { type: 'blob', bytes, text: null },
    ]);
    const answers = await Promise.all([textsOf(large), textsOf(small), textsOf(large, small)]);
    expect(answers).toEqual([[null], ['y'], [null, 'y']]);
  }
  expect(processes()).toHaveLength(1);
});

it('says what git says of a damaged object', async () => {
  const id = blob('a'.repeat(50_000));
  const file = path.join(gitDir, 'objects', id.slice(0, 2), id.slice(2));
  await chmod(file, 0o600);
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length / 2));
  await expect(textsOf(id)).rejects.toMatchObject({
    code: 'git_failed',
    details: { cause: expect.stringContaining('unable to stream') as string },
  });
  await writeFile(file, whole);
  expect(await textsOf(id)).toEqual(['a'.repeat(50_000)]);
});

it('ends after a time without questions, and starts again with the next', async () => {
  reader = createObjectReader(gitDir, { maxFileBytes: 10, idleMs: 50 });
  const id = blob('a');
  expect(await textsOf(id)).toEqual(['a']);
  await expect.poll(processes).toEqual([]);
  expect(await textsOf(id)).toEqual(['a']);
});

it('ends with its signal, for good', async () => {
  const stopping = new AbortController();
  reader = createObjectReader(gitDir, { maxFileBytes: 10, signal: stopping.signal });
  const id = blob('a');
  await textsOf(id);
  stopping.abort();
  await expect.poll(processes).toEqual([]);
  await expect(textsOf(id)).rejects.toThrow();
  expect(processes()).toEqual([]);
});
