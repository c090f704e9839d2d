/** A test, as far as it may tell of which file it is. */
export interface TestOfFile {
  /** Where it stands, or where it failed, as the report has it; null: it does not tell. */
  readonly file: string | null;
  /** The class or the suite that it is in. */
  readonly suite: string;
}

/** Finds the one of `files` that a test of a report is of; null where none is, or several may be. Pure. */
export function testFileFinder(files: readonly string[]): (test: TestOfFile) => string | null {
  const byBase = grouped(files, baseOf);
  const byStem = grouped(files, (file) => stemOf(baseOf(file)));
  const findPath = (path: string): string | null => ofPath(path, byBase.get(baseOf(path)) ?? []);
  return ({ file, suite }) =>
    (file === null ? null : findPath(cleaned(file))) ??
    (suite.includes('/') ? findPath(cleaned(suite)) : ofDotted(suite, byStem));
}

/** Reports name files from other folders than the one in which the step starts: from `/`, or from one below it. */
function ofPath(path: string, candidates: readonly string[]): string | null {
  if (candidates.includes(path)) return path;
  const [longest] = candidates
    .filter((file) => path.endsWith(`/${file}`))
    .sort((a, b) => b.length - a.length);
  return longest ?? only(candidates.filter((file) => file.endsWith(`/${path}`)));
}

/** `tests.shop.test_cart.TestCart` of Python, `com.acme.CartTest` of Java: the longest beginning that names a file. */
function ofDotted(suite: string, byStem: ReadonlyMap<string, readonly string[]>): string | null {
  const segments = suite.split('.', MOST_SEGMENTS).map((one) => one.replace(/\$.*$/, ''));
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join('/');
    const stems = byStem.get(segments[length - 1] ?? '') ?? [];
    const exact = stems.filter((file) => withoutEnding(file) === name);
    const ends = stems.filter(
      (file) => withoutEnding(file).endsWith(`/${name}`) || name.endsWith(`/${withoutEnding(file)}`),
    );
    const found = only(exact) ?? only(ends);
    if (found !== null) return found;
  }
  return null;
}

const MOST_SEGMENTS = 20;

const cleaned = (path: string): string => path.replaceAll('\\', '/').replace(/^(?:\.\/+)+/, '');
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const stemOf = (base: string): string => base.replace(/(?<!^)\.[^.]*$/, '');
const withoutEnding = (file: string): string =>
  `${file.slice(0, file.length - baseOf(file).length)}${stemOf(baseOf(file))}`;

function only(found: readonly string[]): string | null {
  return found.length === 1 ? (found[0] ?? null) : null;
}

function grouped(
  files: readonly string[],
  keyOf: (file: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const group = groups.get(keyOf(file));
    if (group === undefined) groups.set(keyOf(file), [file]);
    else group.push(file);
  }
  return groups;
}
