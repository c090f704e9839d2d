import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { StepPlan } from '../../../../src/core/plan.ts';
import { Problem } from '../../../../src/core/problem.ts';
import { stepOf } from '../../../support/record.ts';
import { runFlow } from './fake-flow.ts';

const shares = (of: number, changes: Partial<StepPlan> = {}, files: readonly string[] | null = ['**/*.t']) =>
  Array.from({ length: of }, (_, index) =>
    stepOf(`unit ${index + 1}/${of}`, {
      image: 'x',
      split: { step: 'unit', share: index + 1, of, files, directory: null },
      ...changes,
    }),
  );

it('gives each share its test files, its number, and the line that says how many', async () => {
  const end = await runFlow({ steps: shares(2), files: () => ['c.t', 'a.t', 'x.js', 'b.t'] });
  expect(end.outcome.status).toBe('success');
  expect(end.given).toEqual({ 'unit 1/2': ['a.t', 'c.t'], 'unit 2/2': ['b.t'] });
  expect(end.logs['unit 1/2']).toBe(
    'Test files of this share: 2 of 3, by their number: no report tells yet how long they take.\n',
  );
  expect(end.runs.map(({ environment }) => environment)).toEqual([
    expect.objectContaining({
      CI_NODE_INDEX: '1',
      CI_NODE_TOTAL: '2',
      CI_STEP_NAME: 'unit 1/2',
      SLIPWAY_SPLIT_FILES: '/.slipway-split/files',
    }),
    expect.objectContaining({ CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' }),
  ]);
  expect(end.left).toEqual([]);
});

it('divides them once, by the files that the first share to begin has found', async () => {
  const asked: (readonly string[])[] = [];
  const end = await runFlow({
    steps: shares(3),
    files: () => ['a.t', 'b.t', 'c.t'],
    divideFiles: async (_step, of, files) => {
      asked.push(files);
      return Array.from({ length: of }, (_, index) => ({ files: [files[index] ?? ''], expectedMs: 1_500 }));
    },
  });
  expect(asked).toEqual([['a.t', 'b.t', 'c.t']]);
  expect(end.logs['unit 3/3']).toBe('Test files of this share: 1 of 3, about 1.5 s of 4.5 s.\n');
});

it('skips a share that no file is left for, without a container in the end', async () => {
  const after = stepOf('after', { image: 'x', dependsOn: ['unit 1/3', 'unit 2/3', 'unit 3/3'] });
  const end = await runFlow({ steps: [...shares(3), after], files: () => ['a.t', 'b.t'] });
  expect(end.outcome.status).toBe('success');
  expect(end.story).toContain('unit 3/3 skipped');
  expect(end.story).not.toContain('unit 3/3 started');
  expect(end.story.slice(-2)).toEqual(['after started', 'after success']);
  expect(end.logs['unit 3/3']).toBe(
    'There are more shares than test files, and none is left for this one.\n',
  );
  expect(end.left).toEqual([]);
});

it('fails where no file is found at all: nothing would be tested', async () => {
  const end = await runFlow({ steps: shares(2), files: () => ['node_modules/x/a.t', 'x.js'] });
  expect(end.outcome.status).toBe('failure');
  expect(end.outcome.reason).toContain('no file matches `files` of its `split`');
  expect([...end.story].sort()).toEqual(['unit 1/2 failure', 'unit 2/2 failure']);
  expect(end.runs).toEqual([]);
});

it('looks into packages where a pattern names their folder', async () => {
  const steps = shares(2, {}, ['node_modules/x/*.t']);
  const end = await runFlow({ steps, files: () => ['node_modules/x/a.t', 'node_modules/x/b.t'] });
  expect(end.given).toEqual({ 'unit 1/2': ['node_modules/x/a.t'], 'unit 2/2': ['node_modules/x/b.t'] });
});

it('asks for no files where the commands divide the work themselves', async () => {
  const end = await runFlow({ steps: shares(2, {}, null) });
  expect(end.outcome.status).toBe('success');
  expect(end.given).toEqual({});
  expect(end.runs[1]?.environment).toMatchObject({ CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' });
  expect(end.runs[1]?.environment).not.toHaveProperty('SLIPWAY_SPLIT_FILES');
});

it('lets the next share look where the first could not', async () => {
  let asked = 0;
  const end = await runFlow({
    steps: shares(2),
    files: () => ['a.t', 'b.t'],
    divideFiles: async (_step, of, files) => {
      asked += 1;
      if (asked === 1) throw new Error('The server was away.');
      return Array.from({ length: of }, (_, index) => ({ files: [files[index] ?? ''], expectedMs: null }));
    },
  });
  expect(end.logs['unit 1/2']).toBe('It has no test files: The server was away.\n');
  expect(end.given).toEqual({ 'unit 2/2': ['b.t'] });
  expect(end.outcome.status).toBe('error');
});

it('fails, and says what to do, where the build has no room for a division', async () => {
  const details = { step: 'unit', bytes: 40_000_000, limit: 33_554_432 };
  const end = await runFlow({
    steps: shares(2),
    files: () => ['a.t'],
    divideFiles: () => Promise.reject(new Problem('split_no_room', details)),
  });
  expect(end.outcome.status).toBe('failure');
  expect(end.outcome.reason).toContain('it has no test files: The names of the test files of the step unit');
  expect(end.logs['unit 1/2']).toMatch(/40000000 bytes .* 33554432\. Write .*\n$/);
  expect([...end.story].sort()).toEqual(['unit 1/2 failure', 'unit 2/2 failure']);
  expect(end.runs).toEqual([]);
});

it('gives a further attempt of a share the same files', async () => {
  const retry = { count: 1, delayMs: 0, exitCodes: null };
  const end = await runFlow({
    steps: shares(2, { retry }),
    attempts: { 'unit 1/2': ['a1', 'a2'], 'unit 2/2': ['b1', 'b2'] },
    files: () => ['a.t', 'b.t'],
    exitCode: (n) => (n < 3 ? 1 : 0),
  });
  expect(end.outcome.status).toBe('success');
  expect(end.given).toEqual({ a1: ['a.t'], b1: ['b.t'], a2: ['a.t'], b2: ['b.t'] });
});

it('gives a share its files in a further attempt when the container of the first could not start', async () => {
  const retry = { count: 2, delayMs: 0, exitCodes: null };
  const end = await runFlow({
    steps: shares(3, { retry }),
    attempts: { 'unit 1/3': ['a1', 'a2', 'a3'], 'unit 3/3': ['c1', 'c2', 'c3'] },
    files: () => ['a.t', 'b.t'],
    broken: ['a1', 'a2', 'c1'],
  });
  expect(end.outcome.status).toBe('success');
  expect(end.given).toEqual({ a3: ['a.t'], 'unit 2/3': ['b.t'] });
  expect(end.runs.every(({ environment }) => environment?.SLIPWAY_SPLIT_FILES !== undefined)).toBe(true);
  expect(end.story.filter((line) => line.startsWith('c'))).toEqual([
    'c1 started',
    'c1 error, again',
    'c2 skipped',
  ]);
  expect(end.left).toEqual([]);
});

it('runs a share again beside those that are green already', async () => {
  const end = await runFlow({ steps: shares(2), files: () => ['a.t', 'b.t'], kept: ['unit 1/2'] });
  expect(end.given).toEqual({ 'unit 2/2': ['b.t'] });
  expect(end.containers).toEqual(['slipway-unit 2/2']);
});

it('ends one share alone when it is cancelled, and the others go on', async () => {
  const end = await runFlow({
    steps: shares(2),
    files: () => ['a.t', 'b.t'],
    hangs: ['unit 1/2'],
    cancels: { 'unit 1/2': { stepId: 'stp_unit 1/2', reason: 'by ann' } },
  });
  expect(end.outcome).toMatchObject({ status: 'cancelled', reason: 'step unit 1/2: by ann' });
  expect(end.story).toContain('unit 2/2 success');
});

it('has no more containers at a time than the network of a workflow has addresses', async () => {
  const files = Array.from({ length: 64 }, (_, index) => `${index}.t`);
  const before = [stepOf('install', { image: 'x' }), stepOf('other', { image: 'x' })];
  const steps = shares(64, { dependsOn: ['install', 'other'] });
  const end = await runFlow({ steps: [...before, ...steps], files: () => files });
  expect(end.outcome.status).toBe('success');
  expect(Object.keys(end.given)).toHaveLength(64);
  expect(end.mostContainers).toBeGreaterThan(30);
  expect(end.mostContainers).toBeLessThanOrEqual(56);
});

it('gives the addresses of shares that waited for their image back as they end', async () => {
  const first = shares(48, { image: null }, null);
  const next = shares(48, { dependsOn: first.map(({ name }) => name) }, null);
  const second = next.map((step) => ({ ...step, name: step.name.replace('unit', 'e2e') }));
  const builtImage = sleep(50, 'sha256:built');
  const end = await runFlow({ steps: [...first, ...second], builtImage });
  expect(end.outcome.status).toBe('success');
  expect(end.containers.filter((name) => name.endsWith('-network')).length).toBeGreaterThan(40);
  expect(end.mostAddresses).toBeLessThanOrEqual(56);
  expect(end.left).toEqual([]);
});

it('counts the addresses of what is being removed, and goes on as they are given back', async () => {
  const steps = Array.from({ length: 150 }, (_, n) => stepOf(`s${n}`, { image: 'x', dependsOn: [] }));
  const end = await runFlow({ steps, removalMs: 30 });
  expect(end.outcome.status).toBe('success');
  expect(end.story.filter((line) => line.endsWith(' success'))).toHaveLength(150);
  expect(end.mostAddresses).toBeGreaterThan(48);
  expect(end.mostAddresses).toBeLessThanOrEqual(60);
  expect(end.left).toEqual([]);
});

it('takes no second address for the next attempt of a step', async () => {
  const retry = { count: 1, delayMs: 0, exitCodes: null };
  const steps = Array.from({ length: 48 }, (_, n) => stepOf(`s${n}`, { image: 'x', dependsOn: [], retry }));
  const attempts = Object.fromEntries(steps.map(({ name }) => [name, [name, `${name} again`]]));
  const end = await runFlow({ steps, attempts, removalMs: 30, exitCode: (n) => (n <= 48 ? 1 : 0) });
  expect(end.story.filter((line) => line.endsWith('failure, again')).length).toBeGreaterThan(40);
  expect(end.mostAddresses).toBeLessThanOrEqual(60);
});

it('removes the containers of steps that are skipped after all', async () => {
  const steps = [stepOf('lint', { image: 'x' }), ...shares(4, { image: null, dependsOn: ['lint'] }, null)];
  const last = stepOf('last', { image: 'x', runsOn: ['failure'], dependsOn: ['lint'] });
  const builtImage = sleep(20, 'sha256:built');
  const end = await runFlow({ steps: [...steps, last], builtImage, exitCode: (n) => (n === 1 ? 1 : 0) });
  expect(end.outcome.status).toBe('failure');
  expect(end.left).toEqual([]);
});

it('goes on when more shares than that are skipped or cannot begin', async () => {
  const few = await runFlow({ steps: shares(64), files: () => ['a.t'] });
  expect(few.outcome.status).toBe('success');
  expect(few.story.filter((line) => line.endsWith('skipped'))).toHaveLength(63);
  const none = await runFlow({ steps: shares(64), files: () => [] });
  expect(none.story).toHaveLength(64);
  expect(few.left.concat(none.left)).toEqual([]);
});
