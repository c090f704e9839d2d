import {
  addCounts,
  NO_TESTS,
  TEST_LIMITS,
  type TestCounts,
  type TestReport,
  type TestResult,
  type TestStatus,
} from '../../src/core/test-report.ts';
import {
  listFiles,
  markFiles,
  readFiles,
  type FileMarks,
  type FilesPlace,
} from '../collect/collect-files.ts';
import type { MaskText } from '../logs/mask-reasons.ts';
import { parseJunit } from './parse-junit.ts';

const MOST_FILES = 2_000;
/** Of one file, and of all together. */
const FILE_BYTES = 32 * 1024 * 1024;
const ALL_BYTES = 256 * 1024 * 1024;
/** Of what a test said, so much is masked and then cut. */
const SAID = 16_000;

/**
 * Reads the JUnit reports that the patterns mean, one after the other. What cannot be read of them is in the note.
 * @param before Marks of what was there before the attempt; what still has them is none of its reports.
 * @throws NotCollected; EngineLost; TarWrong.
 */
export async function readReports(
  place: FilesPlace,
  patterns: readonly string[],
  mask: MaskText,
  before: FileMarks = new Map(),
): Promise<TestReport> {
  const all = await listFiles(place, patterns);
  const names = await withoutUnchanged(place, all, before);
  const notes: string[] = [];
  const earlier = all.length - names.length;
  if (earlier > 0)
    notes.push(`${earlier} of an earlier attempt ${earlier === 1 ? 'was' : 'were'} not read again`);
  if (names.length > MOST_FILES)
    notes.push(`${names.length - MOST_FILES} files more than ${MOST_FILES} were not read`);
  const tests = new Collected(place.directory, mask);
  let files = 0;
  let bytes = 0;
  for await (const entry of readFiles(place, names.slice(0, MOST_FILES))) {
    if (entry.type === 'link') continue;
    bytes += entry.bytes;
    if (entry.bytes > FILE_BYTES || bytes > ALL_BYTES) {
      notes.push(`${entry.name} was not read: it is too large`);
      continue;
    }
    const { results, complaint } = await parseJunit(entry.content, mask);
    files += 1;
    for (const result of results) tests.add(result);
    if (complaint !== null) notes.push(`${entry.name} ${complaint}`);
  }
  const { counts, results, omitted } = tests.end();
  if (omitted > 0) notes.push(`${omitted} tests are counted and not listed`);
  const note = mask(notes.slice(0, 10).join('; ')).slice(0, TEST_LIMITS.note);
  return { files, counts, results, note: note === '' ? null : note };
}

async function withoutUnchanged(
  place: FilesPlace,
  names: readonly string[],
  before: FileMarks,
): Promise<readonly string[]> {
  const known = names.filter((name) => before.has(name));
  if (known.length === 0) return names;
  const now = await markFiles(place, known);
  return names.filter((name) => !now.has(name) || now.get(name) !== before.get(name));
}

/** Those that are most worth a look come first, and are kept first. */
const RANK: Readonly<Record<TestStatus, number>> = { failed: 0, error: 1, skipped: 2, passed: 3 };

/** The tests of all files, each with bounded texts and a name of its own. */
class Collected {
  readonly #directory: string;
  readonly #mask: MaskText;
  readonly #byStatus: Record<TestStatus, TestResult[]> = { passed: [], failed: [], error: [], skipped: [] };
  readonly #times = new Map<string, number>();
  #counts: TestCounts = NO_TESTS;

  constructor(directory: string, mask: MaskText) {
    this.#directory = directory;
    this.#mask = mask;
  }

  add(result: TestResult): void {
    this.#counts = addCounts([this.#counts, { ...NO_TESTS, [result.status]: 1 }]);
    const kept = this.#byStatus[result.status];
    if (kept.length < TEST_LIMITS.results) kept.push(this.#bounded(result));
  }

  end(): { readonly counts: TestCounts; readonly results: readonly TestResult[]; readonly omitted: number } {
    const statuses = (Object.keys(RANK) as TestStatus[]).sort((a, b) => RANK[a] - RANK[b]);
    const results = statuses.flatMap((status) => this.#byStatus[status]).slice(0, TEST_LIMITS.results);
    const all = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    return { counts: this.#counts, results, omitted: all - results.length };
  }

  #bounded(result: TestResult): TestResult {
    const suite = this.#text(result.suite, TEST_LIMITS.suite);
    const name = this.#text(result.name, TEST_LIMITS.name - 10);
    const file =
      result.file === null ? null : this.#text(this.#relative(this.#mask(result.file)), TEST_LIMITS.file);
    return {
      ...result,
      suite,
      name: this.#numbered([suite, name, ...(result.ownFile === true ? [file] : [])], name),
      file,
      message: result.message === null ? null : this.#text(result.message, TEST_LIMITS.message),
    };
  }

  /** Several of one name in one file are told apart by their order: `adds`, `adds (2)`. */
  #numbered(parts: readonly (string | null)[], name: string): string {
    const key = parts.join('\0');
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    return times === 1 ? name : `${name} (${times})`;
  }

  /** Masked before it is cut, so that no half of a secret is left; without what no text of a page can have. */
  #text(text: string, most: number): string {
    const masked = this.#mask(text.slice(0, SAID), text.length > SAID).replaceAll('\0', '');
    return masked.length <= most ? masked : `${masked.slice(0, most - 1).toWellFormed()}…`;
  }

  #relative(file: string): string {
    const start = `${this.#directory}/`;
    return file.startsWith(start) ? file.slice(start.length) : file.replace(/^\.\//, '');
  }
}
