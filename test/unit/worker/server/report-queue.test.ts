import { expect, it } from 'vitest';
import { Problem } from '../../../../src/core/problem.ts';
import type { Report, ReportBody } from '../../../../src/core/work.ts';
import { MOST_AT_ONCE, ReportQueue } from '../../../../worker/server/report-queue.ts';

const started = (attemptId: string): ReportBody => ({ type: 'step.started', attemptId });
const finished = (attemptId: string): ReportBody => ({
  ...{ type: 'step.finished', attemptId, status: 'success', reason: null, exitCode: 0, logBytes: 1 },
});

/** Takes reports as the server does: each number once, in order, up to one that is refused. */
class Server {
  readonly requests: string[][] = [];
  readonly taken: string[] = [];
  /** Attempts whose reports are refused. */
  readonly refused = new Set<string>();
  #gate: Promise<void> = Promise.resolve();

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  readonly send = async (reports: readonly Report[]): Promise<void> => {
    this.requests.push(reports.map((report) => `${report.n} ${nameOf(report)}`));
    await this.#gate;
    for (const report of reports) {
      if (report.n !== this.taken.length + 1) continue;
      if (this.refused.has(nameOf(report))) throw new Problem('not_allowed');
      this.taken.push(nameOf(report));
    }
  };
}

const nameOf = (report: ReportBody): string => ('attemptId' in report ? report.attemptId : report.type);

function queueTo(server: Server, logsDelivered: (body: ReportBody) => Promise<unknown> = async () => null) {
  return new ReportQueue({ send: server.send, logsDelivered, nowMs: () => 5 });
}

it('sends the first report alone, and together what gathers while it is on its way', async () => {
  const server = new Server();
  const release = server.hold();
  const queue = queueTo(server);
  const first = queue.push(started('a'));
  await new Promise(setImmediate);
  const rest = [queue.push(started('b')), queue.push(started('c'))];
  release();
  await Promise.all([first, ...rest]);
  expect(server.requests).toEqual([['1 a'], ['2 b', '3 c']]);
});

it('tells that a step has begun while the log of one before it is on its way, and keeps ends in their order', async () => {
  const server = new Server();
  const log = Promise.withResolvers<void>();
  const isOfB = (body: ReportBody): boolean => body.type === 'step.finished' && body.attemptId === 'b';
  const queue = queueTo(server, async (body) => (isOfB(body) ? log.promise : null));
  const bodies = [started('a'), finished('b'), started('c'), finished('c'), started('d')];
  const pushed = bodies.map((body) => queue.push(body));
  await Promise.all([pushed[0], pushed[2], pushed[4]]);
  await new Promise(setImmediate);
  expect(server.requests).toEqual([['1 a', '2 c', '3 d']]);
  log.resolve();
  await Promise.all(pushed);
  expect(server.requests.slice(1)).toEqual([['4 b', '5 c']]);
});

it('tells of no further attempt before the end of the one that it follows', async () => {
  const server = new Server();
  const log = Promise.withResolvers<void>();
  const queue = queueTo(server, async (body) => (body.type === 'step.finished' ? log.promise : null));
  const end: ReportBody = {
    type: 'step.finished',
    attemptId: 'a1',
    status: 'failure',
    reason: null,
    exitCode: 1,
    logBytes: 1,
    again: true,
  };
  const pushed = [end, started('a2')].map((body) => queue.push(body));
  await new Promise(setImmediate);
  expect(server.requests).toEqual([]);
  log.resolve();
  await Promise.all(pushed);
  expect(server.taken).toEqual(['a1', 'a2']);
});

it('sends what may be refused alone', async () => {
  const server = new Server();
  const queue = queueTo(server);
  const phase: ReportBody = { type: 'deployment.phase', phase: 'switching', detail: null };
  await Promise.all([started('a'), phase, started('b'), started('c')].map((body) => queue.push(body)));
  expect(server.requests).toEqual([['1 a'], ['2 deployment.phase'], ['3 b', '4 c']]);
});

it('sends nothing along behind the end of the work, with which the lease is over', async () => {
  const server = new Server();
  const queue = queueTo(server);
  const end: ReportBody = { type: 'workflow.finished', status: 'success', reason: null };
  await Promise.all([started('a'), started('b'), end, started('c')].map((body) => queue.push(body)));
  expect(server.requests).toEqual([['1 a', '2 b', '3 workflow.finished'], ['4 c']]);
});

it('tells only the one that is refused, and takes all the others in their order', async () => {
  const server = new Server();
  server.refused.add('c');
  const release = server.hold();
  const queue = queueTo(server);
  const pushed = ['a', 'b', 'c', 'd', 'e'].map((name) => queue.push(started(name)));
  release();
  const ends = await Promise.allSettled(pushed);
  expect(ends.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(server.taken).toEqual(['a', 'b', 'd', 'e']);
  await queue.idle();
});

it('goes on behind a report whose log never will be delivered', async () => {
  const server = new Server();
  const queue = queueTo(server, async (body) => {
    if (body.type === 'step.finished') throw new Error('gone');
  });
  const pushed = [queue.push(finished('a')), queue.push(started('b'))];
  expect((await Promise.allSettled(pushed)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(server.requests).toEqual([['1 b']]);
});

it('sends no more at once than the server takes', async () => {
  const server = new Server();
  const queue = queueTo(server);
  const names = Array.from({ length: 3 * MOST_AT_ONCE }, (_, index) => `${index}`);
  await Promise.all(names.map((name) => queue.push(started(name))));
  expect(server.taken).toEqual(names);
  expect(Math.max(...server.requests.map(({ length }) => length))).toBeLessThanOrEqual(MOST_AT_ONCE);
});

it('is idle when it has nothing to send, and until it has sent what it had', async () => {
  const server = new Server();
  const queue = queueTo(server);
  await queue.idle();
  void queue.push(started('a'));
  await queue.idle();
  expect(server.taken).toEqual(['a']);
});
