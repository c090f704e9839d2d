import { describe, expect, it } from 'vitest';
import { scrollScale } from '../../../../web/log/scroll-scale.ts';

describe('scrollScale', () => {
  it('is one to one for a log that fits under the cap', () => {
    const scale = scrollScale(1_000, 20, 400);
    expect(scale.height).toBe(20_000);
    expect(scale.lineAt(200)).toBe(10);
    expect(scale.topOf(10)).toBe(200);
  });

  it('fills the view even when the log is shorter', () => {
    expect(scrollScale(3, 20, 400).height).toBe(400);
    expect(scrollScale(0, 20, 400).lineAt(0)).toBe(0);
  });

  it('reaches the first and the last line of five million within the cap of the browser', () => {
    const scale = scrollScale(5_000_000, 20, 400);
    expect(scale.height).toBeLessThanOrEqual(17_000_000);
    expect(scale.lineAt(0)).toBe(0);
    expect(scale.lineAt(scale.height - 400)).toBe(5_000_000 - 20);
  });

  it('finds a line again at the position it gave for it', () => {
    const scale = scrollScale(5_000_000, 20, 400);
    for (const line of [0, 1, 77_777, 2_500_000, 4_999_000])
      expect(scale.lineAt(scale.topOf(line))).toBeCloseTo(line, 3);
  });
});
