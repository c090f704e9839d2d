import { expect, it } from 'vitest';
import { namesOf } from '../../../web/notification-form.ts';

it.each([
  ['', []],
  [' , ', []],
  ['main', ['main']],
  ['main, release/*,main  x', ['main', 'release/*', 'x']],
])('%j names %j', (text, names) => expect(namesOf(text)).toEqual(names));
