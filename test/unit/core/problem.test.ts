import { expect, test } from 'vitest';
import { CATALOGUE, Problem } from '../../../src/core/problem.ts';
import type { CatalogueEntry } from '../../../src/core/problem.ts';

const entries = Object.entries<CatalogueEntry>(CATALOGUE);

test('a problem names the values seen, in its message and its fix', () => {
  const problem = new Problem('host_taken', {
    host: 'a.example.com',
    environment: 'live',
    project: 'shop/web',
  });
  expect(problem.message).toBe('The host a.example.com belongs to environment live of shop/web.');
  expect(problem.http).toBe(409);
  const part = new Problem('part_missing', { part: 'redis-server', command: 'apt-get install redis-server' });
  expect(part.fix).toBe('Run: apt-get install redis-server');
});

test('as JSON it is what the API answers', () => {
  const problem = new Problem('not_found', { what: 'build', id: 'bld_1' }, { cause: new Error('inner') });
  expect(JSON.parse(JSON.stringify(problem))).toEqual({
    error: {
      code: 'not_found',
      message: 'There is no build bld_1.',
      fix: 'Check the id; it may have been removed by retention.',
      details: { what: 'build', id: 'bld_1' },
    },
  });
});

test('what is not found has a fix that fits what was asked for', () => {
  const fixOf = (what: string) => new Problem('not_found', { what, id: 'x' }).fix;
  expect(fixOf('log')).toContain('retention');
  expect(fixOf('project')).toBe('Check its path; `slipway project list` shows all.');
  for (const what of ['branch', 'environment', 'path', 'token', 'secret', 'registry login'])
    expect(fixOf(what), what).not.toMatch(/retention/);
  for (const what of ['image', 'constructor']) expect(fixOf(what)).toBe(CATALOGUE.not_found.fix);
});

test('a value that looks like a placeholder is not filled again, and a missing one stays visible', () => {
  expect(new Problem('not_found', { what: '{id}', id: 'x' }).message).toBe('There is no {id} x.');
  expect(new Problem('not_found', { what: 'build' }).message).toBe('There is no build {id}.');
  expect(new Problem('not_found', { what: '$&', id: '$1' }).message).toBe('There is no $& $1.');
});

test('every entry is a sentence, with a fix and a status of HTTP', () => {
  for (const [code, { message, fix, http }] of entries) {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(message, code).toMatch(/^[A-Za-z{].*[.})]$/s);
    expect(fix.length, code).toBeGreaterThan(10);
    expect(http >= 400 && http < 600, code).toBe(true);
  }
});
