import { compileGlob } from '../../src/core/glob.ts';

/**
 * Whether a path is meant by one of the patterns: it matches one, or is below a folder that does (`dist` means all that
 * is in it).
 */
export function compilePatterns(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns
    .map((pattern) => pattern.replace(/\/+$/, ''))
    .flatMap((pattern) => [compileGlob(pattern), compileGlob(`${pattern}/**`)]);
  return (path) => matchers.some((matches) => matches(path));
}

/**
 * The folders or files that have all that the patterns mean, none inside another; `.` when that is everything. They are
 * what is looked through: a pattern that begins with a name spares the rest of a large tree.
 */
export function startsOf(patterns: readonly string[]): readonly string[] {
  const starts = [...new Set(patterns.map(startOf))].sort();
  if (starts.includes('.')) return ['.'];
  return starts.filter((start) => !starts.some((other) => start.startsWith(`${other}/`)));
}

/** Whole segments only; braces may hold slashes, so everything from the first of them on is left out. */
function startOf(pattern: string): string {
  const plain: string[] = [];
  for (const segment of pattern.split('/')) {
    if (/[*?[{]/.test(segment.replace(/\\./g, ''))) break;
    plain.push(segment.replace(/\\(.)/g, '$1'));
  }
  return plain.filter((segment) => segment !== '' && segment !== '.').join('/') || '.';
}
