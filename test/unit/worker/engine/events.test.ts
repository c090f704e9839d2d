import { expect, it } from 'vitest';
import { readEvent } from '../../../../worker/engine/events.ts';

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
