import { describe, expect, it } from 'vitest';
import type { Labels } from '../../../src/core/labels.ts';
import {
  choosePlaces,
  isStranded,
  whyWaiting,
  type WorkerPlaces,
} from '../../../src/dispatch/choose-places.ts';

const worker = (id: string, capacity: number, taken: number, more: Partial<WorkerPlaces> = {}) => ({
  ...{ id, queue: id, capacity, taken, labels: {}, draining: false },
  ...more,
});
const wanting = (id: string, labels: Labels = {}) => ({ id, labels });
const anything = wanting('any');

function chosen(queue: readonly ReturnType<typeof wanting>[], workers: readonly WorkerPlaces[]) {
  return choosePlaces(queue, workers).map(({ workflow, worker: { id } }) => `${workflow.id} ${id}`);
}

describe('a place', () => {
  it('is given while it is free, on the emptiest worker first', () => {
    const queue = ['1', '2', '3', '4'].map((id) => wanting(id));
    expect(chosen(queue, [worker('a', 2, 1), worker('b', 3, 1), worker('c', 1, 1)])).toEqual([
      '1 b',
      '2 a',
      '3 b',
    ]);
  });

  it('is never on a worker that drains, however empty it is', () => {
    const workers = [worker('a', 9, 0, { draining: true }), worker('b', 1, 0)];
    expect(chosen([wanting('1'), wanting('2')], workers)).toEqual(['1 b']);
  });

  it('is never on a worker whose disk is low, and never a reason for others to wait', () => {
    const low = worker('a', 9, 0, { lowDisk: 'its disk is full' });
    expect(chosen([wanting('1'), wanting('2')], [low, worker('b', 1, 0)])).toEqual(['1 b']);
    const part = { ...wanting('part'), only: { id: 'a', name: 'ada' } };
    expect(isStranded(part, [low])).toBe(true);
    expect(isStranded(part, [{ ...low, lowDisk: null }])).toBe(false);
    expect(whyWaiting(part, [low])).toBe('the worker ada has its image, and waits: its disk is full');
  });

  it('is on a silent worker only for what no other one could take, however full those are', () => {
    const silent = worker('a', 9, 0, { silent: true, labels: { gpu: 'yes' } });
    const queue = [wanting('1'), wanting('2'), wanting('3', { gpu: 'yes' })];
    expect(chosen(queue, [silent, worker('b', 1, 0)])).toEqual(['1 b', '3 a']);
    expect(chosen(queue, [silent, worker('b', 1, 1)])).toEqual(['3 a']);
    expect(chosen([wanting('1')], [silent, worker('b', 0, 0)])).toEqual(['1 a']);
    expect(chosen([wanting('1')], [silent, worker('b', 1, 0, { draining: true })])).toEqual(['1 a']);
  });

  it('is on the one worker that has the image, for a part of a workflow that runs again', () => {
    const features = ['repeat'];
    const part = { ...wanting('part'), features: ['repeat'], only: { id: 'a', name: 'ada' } } as const;
    const [a, b] = [worker('a', 1, 0, { features }), worker('b', 9, 0, { features })];
    expect(chosen([part], [a, b])).toEqual(['part a']);
    expect(chosen([part], [{ ...a, taken: 1 }, b])).toEqual([]);
    expect(whyWaiting(part, [{ ...a, taken: 1 }, b])).toBe(
      'the worker ada has its image, and has no free place',
    );
    expect(whyWaiting(part, [{ ...a, draining: true }])).toBe('the worker ada has its image, and drains');
    expect(whyWaiting(part, [b])).toBe('the worker ada has its image, and is not connected');
  });

  it('is not to be had while that worker is away, or is there and would not take it, which is said', () => {
    const labels = { gpu: 'yes', os: 'linux' };
    const features = ['repeat'];
    const part = {
      ...wanting('part', labels),
      features: ['repeat'],
      only: { id: 'a', name: 'ada' },
    } as const;
    const [a, b] = [worker('a', 1, 0, { features, labels }), worker('b', 9, 0, { features, labels })];
    const why = (ada: WorkerPlaces) =>
      whyWaiting(part, [ada, b]).replace('the worker ada has its image, ', '');
    const wouldNot = [
      [{ ...a, labels: { os: 'linux' } }, 'and lacks the label gpu=yes'],
      [{ ...a, capacity: 0 }, 'and takes no builds'],
      [
        worker('a', 1, 0, { labels }),
        'and is not new enough to run only a part of a workflow again: re-run all of it',
      ],
      [{ ...a, draining: true }, 'and drains'],
      [{ ...a, silent: true }, 'and has left something unclaimed lately'],
    ] as const;
    for (const [ada, reason] of wouldNot) {
      expect(why(ada)).toBe(reason);
      expect(isStranded(part, [ada, b])).toBe(true);
    }
    expect(isStranded(part, [b])).toBe(true);
    expect(isStranded(part, [{ ...a, taken: 1 }])).toBe(false);
    expect(isStranded(anything, [])).toBe(false);
  });

  it('is on no worker of a version that knows nothing of parts of workflows', () => {
    const part = { ...wanting('part'), features: ['repeat'] } as const;
    expect(chosen([part], [worker('old', 9, 0), worker('new', 1, 0, { features: ['repeat'] })])).toEqual([
      'part new',
    ]);
    expect(whyWaiting(part, [worker('old', 9, 0)])).toMatch(/^no connected worker is new enough/);
  });

  it('is on a worker with every label that is wanted, with that value', () => {
    const workers = [
      worker('plain', 9, 0),
      worker('old', 9, 0, { labels: { gpu: 'no', os: 'linux' } }),
      worker('both', 1, 0, { labels: { gpu: 'yes', os: 'linux' } }),
    ];
    expect(chosen([wanting('1', { gpu: 'yes', os: 'linux' })], workers)).toEqual(['1 both']);
    expect(chosen([wanting('1', { gpu: 'yes', os: 'mac' })], workers)).toEqual([]);
    expect(chosen([wanting('1', { toString: 'x' })], workers)).toEqual([]);
  });

  it('goes to the next that fits when the first of the queue fits nowhere', () => {
    const workers = [worker('a', 1, 0)];
    expect(chosen([wanting('1', { gpu: 'yes' }), wanting('2'), wanting('3')], workers)).toEqual(['2 a']);
  });

  it('with labels is left for those that want them, as long as another is as empty', () => {
    const workers = [worker('labelled', 2, 0, { labels: { gpu: 'yes' } }), worker('plain', 2, 0)];
    expect(chosen([wanting('1')], workers)).toEqual(['1 plain']);
    expect(chosen([wanting('1'), wanting('2', { gpu: 'yes' }), wanting('3')], workers)).toEqual([
      '1 plain',
      '2 labelled',
      '3 plain',
    ]);
  });
});

describe('what is left waits', () => {
  it('for a worker, or a place', () => {
    expect(whyWaiting(anything, [])).toBe('no worker is connected');
    expect(whyWaiting(anything, [worker('a', 0, 0)])).toBe('no connected worker takes builds');
    expect(whyWaiting(anything, [worker('a', 1, 1)])).toBe('the only place is taken');
    expect(whyWaiting(anything, [worker('a', 1, 1), worker('b', 1, 1)])).toBe('all 2 places are taken');
  });

  it('because all that would take it drain; places of those do not count', () => {
    const draining = { draining: true };
    expect(whyWaiting(anything, [worker('a', 2, 1, draining)])).toBe('the only worker drains');
    expect(
      whyWaiting(anything, [worker('a', 2, 0, draining), worker('b', 1, 0, draining), worker('c', 0, 0)]),
    ).toBe('all 2 workers drain');
    expect(whyWaiting(anything, [worker('a', 8, 0, draining), worker('b', 1, 1)])).toBe(
      'the only place is taken',
    );
  });

  it('because disks of all that would take it are low; places of those do not count', () => {
    const low = { lowDisk: 'its disk has less than 2.5 GiB free' };
    const draining = { draining: true };
    const gpu = { labels: { gpu: 'yes' } };
    expect(whyWaiting(anything, [worker('a', 2, 1, low)])).toBe(
      'the only worker waits: its disk has less than 2.5 GiB free',
    );
    expect(whyWaiting(wanting('1', { gpu: 'yes' }), [worker('a', 2, 1, { ...low, ...gpu })])).toBe(
      'the only worker with gpu=yes waits: its disk has less than 2.5 GiB free',
    );
    expect(whyWaiting(anything, [worker('a', 2, 0, low), worker('b', 1, 0, low)])).toBe(
      'all 2 workers have a disk with too little free',
    );
    expect(whyWaiting(anything, [worker('a', 2, 0, low), worker('b', 1, 0, draining)])).toBe(
      'all 2 workers drain or have a disk with too little free',
    );
    expect(whyWaiting(anything, [worker('a', 2, 0, { ...low, ...draining })])).toBe('the only worker drains');
    expect(whyWaiting(anything, [worker('a', 8, 0, low), worker('b', 1, 1)])).toBe('the only place is taken');
  });

  it('for labels that no worker has, or none has together', () => {
    const workers = [
      worker('a', 1, 0, { labels: { gpu: 'yes' } }),
      worker('b', 1, 0, { labels: { os: 'linux' } }),
    ];
    const why = (labels: Labels) => whyWaiting(wanting('1', labels), workers);
    expect(why({ gpu: 'no' })).toBe('no connected worker has the label gpu=no');
    expect(why({ os: 'mac', gpu: 'yes', rack: '7' })).toBe(
      'no connected worker has the labels os=mac, rack=7',
    );
    expect(why({ os: 'linux', gpu: 'yes' })).toBe(
      'no connected worker has all of the labels gpu=yes, os=linux',
    );
  });

  it('for a place on those workers only that have its labels', () => {
    const gpu = { labels: { gpu: 'yes' } };
    const one = wanting('1', { gpu: 'yes' });
    const others = [worker('a', 9, 0)];
    const such = (...workers: WorkerPlaces[]) => whyWaiting(one, [...others, ...workers]);
    expect(such(worker('b', 1, 1, gpu))).toBe('the only place on workers with gpu=yes is taken');
    expect(such(worker('b', 2, 2, gpu))).toBe('all 2 places on workers with gpu=yes are taken');
    expect(such(worker('b', 0, 0, gpu))).toBe('no connected worker with gpu=yes takes builds');
    expect(such(worker('b', 2, 0, { ...gpu, draining: true }))).toBe('the only worker with gpu=yes drains');
  });
});
