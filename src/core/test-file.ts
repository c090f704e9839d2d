/** A test, as far as it may tell of which file it is. */
export interface TestOfFile {
  /** Where it stands, or where it failed, as the report has it; null: it does not tell. */
  readonly file: string | null;
  /** The class or the suite that it is in. */
  readonly suite: string;
}

/** Finds the one of `files` that a test of a report is of; null where none is, or several may be. Pure. */
export function testFileFinder(files: readonly string[]): (test: TestOfFile) => string | null {
  const byPath = endsOf(files, (file) => file);
  const byName = endsOf(files, withoutEnding);
  const findPath = remembered((path) => ofPath(cleaned(path), byPath));
  const findDotted = remembered((suite) => ofDotted(suite, byName));
  return ({ file, suite }) =>
    (file === null ? null : findPath(file)) ?? (suite.includes('/') ? findPath(suite) : findDotted(suite));
}

/** Files by what each is called: looked up, not gone through, for a report names some thousand files. */
interface Ends {
  /** By the whole. */
  readonly whole: ReadonlyMap<string, Found>;
  /** By each shorter end that begins with a folder's or the file's own name. */
  readonly shorter: ReadonlyMap<string, Found>;
  /** Characters of the longest whole. */
  readonly longest: number;
}

type Found = string | typeof SEVERAL;

const SEVERAL = Symbol('several');

/** Reports name files from other folders than the one in which the step starts: from `/`, or from one below it. */
function ofPath(path: string, { whole, shorter, longest }: Ends): string | null {
  const exact = whole.get(path);
  if (exact !== undefined) return only(exact);
  for (const end of shorterEnds(path, longest)) {
    const found = whole.get(end);
    if (found !== undefined) return only(found);
  }
  return only(shorter.get(path));
}

/** `tests.shop.test_cart.TestCart` of Python, `com.acme.CartTest` of Java: the longest beginning that names a file. */
function ofDotted(suite: string, { whole, shorter, longest }: Ends): string | null {
  const segments = suite.split('.', MOST_SEGMENTS).map((one) => one.replace(/\$.*$/, ''));
  for (let length = segments.length; length > 0; length--) {
    const name = segments.slice(0, length).join('/');
    const exact = only(whole.get(name));
    if (exact !== null) return exact;
    const ends = shorterEnds(name, longest).flatMap((end) => listOf(whole.get(end)));
    const [found, another] = [...listOf(shorter.get(name)), ...ends];
    if (another === undefined && only(found) !== null) return only(found);
  }
  return null;
}

const MOST_SEGMENTS = 20;

const cleaned = (path: string): string => path.replaceAll('\\', '/').replace(/^(?:\.\/+)+/, '');
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const stemOf = (base: string): string => base.replace(/(?<!^)\.[^.]*$/, '');
const withoutEnding = (file: string): string =>
  `${file.slice(0, file.length - baseOf(file).length)}${stemOf(baseOf(file))}`;

function only(found: Found | undefined): string | null {
  return found === undefined || found === SEVERAL ? null : found;
}

const listOf = (found: Found | undefined): readonly Found[] => (found === undefined ? [] : [found]);

function endsOf(files: readonly string[], nameOf: (file: string) => string): Ends {
  const whole = new Map<string, Found>();
  const shorter = new Map<string, Found>();
  let longest = 0;
  for (const file of new Set(files)) {
    const name = nameOf(file);
    longest = Math.max(longest, name.length);
    whole.set(name, whole.has(name) ? SEVERAL : file);
    for (const end of shorterEnds(name, name.length)) shorter.set(end, shorter.has(end) ? SEVERAL : file);
  }
  return { whole, shorter, longest };
}

/** What follows each `/` of a path, the longest first, as far as it is no longer than `most`. */
function shorterEnds(path: string, most: number): readonly string[] {
  const ends: string[] = [];
  let at = path.indexOf('/', Math.max(0, path.length - most - 1));
  for (; at !== -1; at = path.indexOf('/', at + 1)) ends.push(path.slice(at + 1));
  return ends;
}

function remembered(find: (text: string) => string | null): (text: string) => string | null {
  const known = new Map<string, string | null>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = find(text);
    known.set(text, found);
    return found;
  };
}
