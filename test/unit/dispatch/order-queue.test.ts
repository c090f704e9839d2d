import fc from 'fast-check';
import { expect, it } from 'vitest';
import { orderQueue } from '../../../src/dispatch/order-queue.ts';
import type { WaitingWorkflow } from '../../../src/dispatch/order-queue.ts';

function waiting(projectId: string, index: number, onDefaultBranch = true): WaitingWorkflow {
  return { id: `${String(index).padStart(5, '0')} of ${projectId}`, projectId, onDefaultBranch };
}
const many = (projectId: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => waiting(projectId, from + index));
const load = (running: number, servedAtMs = 0) => ({ running, servedAtMs });

it('gives the next free place to another project’s first build, with 1,000 waiting in one', () => {
  const queue = [...many('busy', 1_000), waiting('quiet', 5_000)];
  expect(orderQueue(queue, new Map([['busy', load(2)]]))[0]?.projectId).toBe('quiet');
});

it('takes turns when nothing runs: the project served longest ago first', () => {
  const loads = new Map([
    ['busy', load(0, 2_000)],
    ['quiet', load(0, 1_000)],
  ]);
  const queue = [...many('busy', 3), ...many('quiet', 3, 100)];
  expect(orderQueue(queue, loads).map(({ projectId }) => projectId)).toEqual([
    'quiet',
    'busy',
    'quiet',
    'busy',
    'quiet',
    'busy',
  ]);
});

it('puts the default branch first inside a project, then the oldest', () => {
  const queue = [waiting('a', 3), waiting('a', 1, false), waiting('a', 2), waiting('a', 0, false)];
  expect(orderQueue(queue, new Map()).map(({ id }) => id.slice(0, 5))).toEqual([
    '00002',
    '00003',
    '00000',
    '00001',
  ]);
});

it('loses and doubles nothing, and never lets one project be two ahead of one that waits', () => {
  const project = fc.constantFrom('a', 'b', 'c');
  const arbitrary = fc.array(fc.tuple(project, fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(arbitrary, fc.dictionary(project, fc.nat(5)), (rows, running) => {
      const queue = rows.map(([name, isDefault], index) => waiting(name, index, isDefault));
      const loads = new Map(Object.entries(running).map(([name, count]) => [name, load(count)]));
      const order = orderQueue(queue, loads);
      expect([...order].map(({ id }) => id).sort()).toEqual(queue.map(({ id }) => id).sort());
      const count = new Map(Object.entries(running));
      order.forEach(({ projectId }, index) => {
        const mine = count.get(projectId) ?? 0;
        for (const other of order.slice(index + 1))
          expect(mine).toBeLessThanOrEqual(count.get(other.projectId) ?? 0);
        count.set(projectId, mine + 1);
      });
    }),
  );
});
