import { expect, it } from 'vitest';
import { formatAgo, formatBytes, formatDuration, formatMinute } from '../../../web/format.ts';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_500, '1.5 s'],
  [59_400, '59 s'],
  [65_000, '1 min 05 s'],
  [3_720_000, '1 h 02 min'],
])('says %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

it.each([
  [999, '999 B'],
  [12_400, '12.4 kB'],
  [3_100_000, '3.10 MB'],
])('says %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it('says how long ago, then the date', () => {
  const now = Date.UTC(2026, 0, 10);
  expect(formatAgo(now - 2_000, now)).toBe('just now');
  expect(formatAgo(now - 300_000, now)).toBe('5 min ago');
  expect(formatAgo(now - 86_400_000 * 3, now)).toBe('2026-01-07');
});

it('a minute is told in the zone that is asked for', () => {
  const at = Date.UTC(2026, 6, 1, 22, 30);
  expect(formatMinute(at, 'Asia/Tokyo')).toMatch(/2.*7:30|07:30/);
  expect(formatMinute(at, 'America/New_York')).toMatch(/6:30|18:30/);
  expect(formatMinute(at, 'Atlantis/Old_Town')).toBe(`${formatMinute(at)} here`);
});
