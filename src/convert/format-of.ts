import type { Format } from './converted.ts';

/** Paths by which a format is known. */
const PATHS: readonly (readonly [RegExp, Format])[] = [
  [/(?:^|\/)\.woodpecker(?:\/.+)?\.ya?ml$/, 'woodpecker'],
  [/(?:^|\/)\.drone\.ya?ml$/, 'drone'],
  [/(?:^|\/|\.)\.?gitlab-ci\.ya?ml$/, 'gitlab'],
  [/(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/, 'github'],
  [/(?:^|\/)action\.ya?ml$/, 'github'],
];

/** Keys at the beginning of a line that only one of them has. */
const KEYS: readonly (readonly [RegExp, Format])[] = [
  [/^kind:/m, 'drone'],
  [/^jobs:/m, 'github'],
  [/^(?:steps|pipeline):/m, 'woodpecker'],
  [/^(?:stages|\w[\w .:-]*:\s*$)/m, 'gitlab'],
];

/** The format of a file: its path says it, else its keys; null for neither. */
export function formatOf(path: string, text: string): Format | null {
  const byPath = PATHS.find(([pattern]) => pattern.test(path));
  return (byPath ?? KEYS.find(([pattern]) => pattern.test(text)))?.[1] ?? null;
}
