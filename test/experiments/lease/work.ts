/**
 * What a build of the experiment does. `prepare`: its effect is asked for while it prepares, so a later attempt asks
 * for the same one again. `step`: its effect is asked for in a step, under a key of the attempt's own; only the fence
 * keeps an attempt that was given up from having its own.
 */
export const KINDS = ['prepare', 'step'] as const;
export type Kind = (typeof KINDS)[number];

/** Lines of the log of each phase. */
export const LINES = { clone: 240, step: 120 } as const;

/** A secret that every line holds; the log must not. */
export const SECRET = 'correct-horse-battery-staple';

export function line(build: string, attempt: number, n: number, secret: string): string {
  return `${build} ${attempt} ${n} ${secret} ${'.'.repeat((n * 37) % 120)}\n`;
}

export interface EffectBody {
  readonly build: string;
  readonly attempt: number | null;
}
