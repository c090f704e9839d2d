/** A place in a file, as a stack or an assertion tells it. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Of what a test said, so much is looked through. */
const MOST = 16 * 1024;
const LONGEST_WORD = 400;
/** As Python writes it: `File "tests/a.py", line 12`. */
const QUOTED = /File "([^"\n]{1,400})", line (\d{1,7})/g;
/** As most others do, at the start of a word: `src/a.test.ts:12:5`, `Foo.java:12`, `tests/a.py:12:`. */
const PLAIN = /^([\w@.+\-/]*\.[A-Za-z]{1,6}):(\d{1,7})(?!\d)/;
const BETWEEN_WORDS = /[\s()[\]"'<>,]+/;
/** Code that is not the user's. */
const FOREIGN = /(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor)\//;

/**
 * Where a test failed, from what it said; null where that names no place. In the test's own file, where that is known;
 * else in the file that its suite is named after (`shop.CartTest` and `CartTest.java`), else the first place of all.
 */
export function findPlace(
  text: string,
  { file, suite }: { file: string | null; suite: string },
): Place | null {
  const places = placesIn(text.slice(0, MOST));
  if (file !== null) return places.find((place) => isSameFile(place.file, file)) ?? null;
  const name = suite.split('.').at(-1) ?? '';
  const own = places.find((place) => stemOf(place.file) === name);
  return own ?? places.find((place) => !FOREIGN.test(place.file)) ?? null;
}

/** Time grows with the text's length alone, whatever it is. */
function placesIn(text: string): readonly Place[] {
  const found: Place[] = [];
  const add = (file = '', line = ''): void => void found.push({ file, line: Number(line) });
  for (const [, file, line] of text.matchAll(QUOTED)) add(file, line);
  for (const word of text.split(BETWEEN_WORDS)) {
    const [, file, line] = word.length > LONGEST_WORD ? [] : (PLAIN.exec(word) ?? []);
    if (file !== undefined) add(file, line);
  }
  return found;
}

function isSameFile(one: string, other: string): boolean {
  return one === other || one.endsWith(`/${other}`) || other.endsWith(`/${one}`);
}

function stemOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1, file.lastIndexOf('.'));
}
