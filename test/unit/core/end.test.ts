import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixBeside } from '../../../src/core/end-fix.ts';
import { badEnd, codeAndFix, ENDS, fixOfEnd } from '../../../src/core/end.ts';
import { CATALOGUE } from '../../../src/core/problem.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

describe('the ends of the catalogue', () => {
  it('are each what some work ends with', () => {
    const catalogue = path.join(ROOT, 'src/core/end.ts');
    const sources = ['src', 'worker'].flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => path.join(ROOT, folder, file))
        .filter((file) => file.endsWith('.ts') && file !== catalogue),
    );
    const text = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(Object.keys(ENDS).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('have codes that no problem has', () => {
    expect(Object.keys(ENDS).filter((code) => Object.hasOwn(CATALOGUE, code))).toEqual([]);
  });

  it.each(Object.keys(ENDS))('say what to do about %s, without details that nobody keeps', (code) => {
    expect(fixOfEnd(code)).toMatch(/^[A-Z][^{}]{10,}\.$/);
  });
});

describe('an end', () => {
  it('has the values seen in its reason', () => {
    expect(badEnd('exit_code', { exit: '137 (SIGKILL)' })).toEqual({
      status: 'failure',
      reason: 'exit code 137 (SIGKILL)',
      code: 'exit_code',
    });
  });

  it('that a problem made has the fix of that, unless that has details, which are told with the reason', () => {
    expect(fixOfEnd('registry_failed')).toBe(CATALOGUE.registry_failed.fix);
    expect(CATALOGUE.volume_refused.fix).toContain('{host}');
    expect(fixOfEnd('volume_refused')).toBeNull();
  });

  it.each(['of_a_newer_version', 'constructor', '__proto__', ''])(
    'whose code is %j has no fix, and keeps its code',
    (code) => {
      expect(codeAndFix({ code })).toEqual({ code, fix: null });
    },
  );

  it('has its fix shown where the reason does not tell it already', () => {
    const { fix } = ENDS.exit_code;
    expect(fixBeside({ reason: 'exit code 1', fix })).toBe(fix);
    expect(fixBeside({ reason: null, fix })).toBe(fix);
    expect(fixBeside({ reason: `It went wrong. ${fix}`, fix })).toBeNull();
    expect(fixBeside({ reason: 'told by an older server' })).toBeNull();
  });
});
