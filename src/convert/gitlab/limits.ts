import type { Foreign } from '../foreign.ts';
import { copy, entry, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';

/** How long a job may take. */
export function timeoutEntry(timeout: Foreign | undefined): OutEntry | null {
  if (timeout === undefined) return null;
  const written = timeout.peek().toLowerCase();
  const units: readonly (readonly [RegExp, string])[] = [
    [/(\d+)\s*d(?:ays?)?\b/, 'd'],
    [/(\d+)\s*h(?:(?:ou)?rs?)?(?![a-z])/, 'h'],
    [/(\d+)\s*m(?:in(?:ute)?s?)?(?![a-z])/, 'm'],
    [/(\d+)\s*s(?:ec(?:ond)?s?)?(?![a-z])/, 's'],
  ];
  const duration = units.map(([pattern, unit]) => {
    const found = pattern.exec(written)?.[1];
    return found === undefined ? '' : `${found}${unit}`;
  });
  const whole = /^\d+$/.test(written.trim()) ? `${written.trim()}s` : duration.join('');
  if (whole === '') {
    timeout.leaveOut('it is no time that is known', 'Write e.g. `1h30m`.');
    return null;
  }
  timeout.use();
  return entry('timeout', text(whole, timeout), timeout);
}

/** How often it is tried again. */
export function retryEntry(retry: Foreign | undefined): OutEntry | null {
  if (retry === undefined) return null;
  if (retry.kind !== 'map') {
    const count = retry.text() ?? '1';
    return count === '0' ? null : entry('retry', text(count, retry), retry);
  }
  const [max, when, codes] = [retry.get('max'), retry.get('when'), retry.get('exit_codes')];
  const count = max?.text() ?? '1';
  if (when?.kind === 'text' && when.peek() === 'always')
    when.needs('a step is tried again whenever it failed');
  else
    when?.leaveOut(
      'a step is tried again whenever it failed',
      'Write `retry: { count: 1, exit_codes: [1] }`.',
    );
  if (count === '0') {
    codes?.needs('it is never tried again');
    return null;
  }
  if (codes === undefined) return entry('retry', text(count, max ?? retry), retry);
  return entry(
    'retry',
    map([entry('count', count, max ?? retry), entry('exit_codes', copy(codes), codes)]),
    retry,
  );
}
