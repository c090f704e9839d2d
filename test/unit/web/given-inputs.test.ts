import { expect, it } from 'vitest';
import type { Input } from '../../../src/core/input.ts';
import { givenInputs } from '../../../web/given-inputs.ts';

const input = (name: string, type: Input['type'], required = false): Input => ({
  ...{ name, type, required, description: null, default: null, options: [], pattern: null },
  ...{ min: null, max: null },
});

it('a form says every truth value, and of the others what is written', () => {
  const inputs = [
    input('on', 'boolean'),
    input('off', 'boolean'),
    input('note', 'string'),
    input('must', 'string', true),
    input('count', 'number'),
    input('target', 'choice'),
  ];
  const form = new FormData();
  for (const [name, value] of [
    ['on', 'on'],
    ['note', ''],
    ['must', ''],
    ['count', ''],
    ['target', 'live'],
    ['else', 'x'],
  ] as const)
    form.append(name, value);
  expect(givenInputs(inputs, form)).toEqual({ on: 'true', off: 'false', note: '', target: 'live' });
});
