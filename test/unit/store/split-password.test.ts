import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { splitPassword } from '../../../src/store/split-password.ts';

afterEach(() => void vi.unstubAllEnvs());

it.each([
  ['postgres://me:p%40ss@db:5432/x?connect_timeout=3', 'postgres://me@db:5432/x?connect_timeout=3', 'p@ss'],
  ['postgresql://me@/x?host=/run&password=p%40ss', 'postgresql://me@/x?host=/run', 'p@ss'],
  ['postgres://db/x?password=p&connect_timeout=3', 'postgres://db/x?connect_timeout=3', 'p'],
  ['postgres://me:one@db/x?password=two', 'postgres://me@db/x', 'two'],
  ['postgres://me:p@ss@db/x', 'postgres://me@db/x', 'p@ss'],
  ['postgres://me:p:@s@s@db/x?application_name=a@b', 'postgres://me@db/x?application_name=a@b', 'p:@s@s'],
  ['postgres://me:50%off@db/x', 'postgres://me@db/x', '50%off'],
  ['postgres://me:50%off%40x@db/x', 'postgres://me@db/x', '50%off@x'],
  ['postgres://me@there:p@db/x', 'postgres://me@there@db/x', 'p'],
  ['postgres://db/x?password=a+b&password=c%2Bd', 'postgres://db/x', 'c+d'],
  ['postgres://db/x?password=a+b', 'postgres://db/x', 'a b'],
  ['postgres://db:5432/x', 'postgres://db:5432/x', null],
  ['postgres://me@db:5432/x@y', 'postgres://me@db:5432/x@y', null],
])(
  'a password is in no word of a command, and is the one that the server takes: %s',
  (url, bare, password) => {
    vi.stubEnv('PGPASSWORD', undefined);
    expect(splitPassword(url)).toEqual({ bare, password });
    expect(new pg.Client({ connectionString: url }).password).toBe(password);
  },
);

it('a password that is not encoded text is left as it is', () => {
  expect(splitPassword('postgres://me:%ff@db/x')).toEqual({ bare: 'postgres://me@db/x', password: '%ff' });
});
