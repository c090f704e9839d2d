import type Dockerode from 'dockerode';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { listenToEvents, readEvent } from '../../../../worker/engine/events.ts';

const event = (Action: string, Attributes: Record<string, string> = {}) =>
  JSON.stringify({ Type: 'container', Action, Actor: { ID: 'c1', Attributes } });

it('reads the end of an exec with its exit code', () => {
  expect(readEvent(event('exec_die', { execID: 'e1', exitCode: '137' }))).toEqual({
    kind: 'exec_die',
    containerId: 'c1',
    execId: 'e1',
    exitCode: 137,
  });
});

it('reads a kill for lack of memory', () => {
  expect(readEvent(event('oom'))).toEqual({ kind: 'oom', containerId: 'c1', execId: null, exitCode: null });
});

it('passes over what nobody asked for', () => {
  expect(readEvent(event('exec_start: sh'))).toBeNull();
  expect(readEvent(JSON.stringify({ Action: 'die' }))).toBeNull();
});

it('tells who waits of the connection that comes after several that failed', async () => {
  const streams: PassThrough[] = [];
  let failures = 3;
  const getEvents = async (): Promise<PassThrough> => {
    if (failures-- > 0) throw new Error('connect ECONNREFUSED');
    const stream = new PassThrough();
    streams.push(stream);
    return stream;
  };
  const events = listenToEvents({ getEvents } as unknown as Dockerode);
  try {
    await events.ready();
    expect(events.connection()).toBe(1);
    failures = 3;
    streams[0]?.end();
    await expect.poll(() => failures).toBeLessThan(3);
    await events.ready();
    expect(events.connection()).toBe(2);
  } finally {
    events.close();
    streams[1]?.end();
  }
}, 5_000);
