import express from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerProblem } from '../../../src/api/middleware/answer-problem.ts';
import { Problem } from '../../../src/core/problem.ts';

const [WARN, ERROR] = [40, 50];

let server: Server;
let url: string;
let thrown: Error;
let lines: Record<string, unknown>[];
beforeEach(async () => {
  lines = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const app = express();
  app.get('/', () => {
    throw thrown;
  });
  app.use(answerProblem(log));
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function statusOf(error: Error): Promise<number> {
  thrown = error;
  return (await fetch(url)).status;
}

it('has what others do not give in the log with its message, as no error of ours', async () => {
  const cause = new Error('exit status 128');
  const away = new Problem(
    'repository_unreachable',
    { url: 'https://x.test/a', cause: 'no host' },
    { cause },
  );
  expect(await statusOf(away)).toBe(502);
  expect(await statusOf(new Problem('receiving_full', { seconds: 5 }))).toBe(503);
  expect(lines).toMatchObject([
    { level: WARN, code: 'repository_unreachable', path: '/', msg: away.message },
    { level: WARN, code: 'receiving_full' },
  ]);
  expect(JSON.stringify(lines)).not.toContain('stack');
});

it('has a wrong request in no line', async () => {
  expect(await statusOf(new Problem('request_wrong', { field: 'limit', cause: 'is not a number' }))).toBe(
    400,
  );
  expect(lines).toEqual([]);
});

it('has a failure inside, and what somebody must mend here, as an error with its stack', async () => {
  expect(await statusOf(new Error('a bug'))).toBe(500);
  expect(await statusOf(new Problem('secret_unreadable', { context: 'x', cause: 'no key' }))).toBe(500);
  expect(lines).toMatchObject([
    { level: ERROR, err: { stack: expect.stringContaining('a bug') as string } },
    { level: ERROR, err: { stack: expect.stringContaining('no key') as string } },
  ]);
});
