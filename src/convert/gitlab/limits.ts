import type { Foreign } from '../foreign.ts';
import { entry, text } from '../out.ts';
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
  const max = retry.kind === 'map' ? retry.get('max') : retry;
  if (retry.kind === 'map') {
    retry
      .get('when')
      ?.leaveOut('a step is tried again whenever it failed', 'Write `retry: { count: 1, exit_codes: [1] }`.');
    retry.get('exit_codes')?.leaveOut('it is not converted', 'Write `retry: { count: 1, exit_codes: [1] }`.');
  }
  const count = max?.text() ?? '1';
  return count === '0' ? null : entry('retry', text(count, max ?? retry), retry);
}
