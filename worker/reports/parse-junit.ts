import { SaxesParser } from 'saxes';
import type { TestResult, TestStatus } from '../../src/core/test-report.ts';
import type { MaskText } from '../logs/mask-reasons.ts';
import { findPlace } from './find-place.ts';

export interface ParsedReport {
  readonly results: readonly TestResult[];
  /** Why nothing more came of it, to be read after the file's name; null: it was read to its end. */
  readonly complaint: string | null;
}

export interface ReadingBounds {
  /** Tests that are read of one file. */
  readonly results: number;
  /** Characters of what a test said that are kept while it is read. */
  readonly text: number;
}

const BOUNDS: ReadingBounds = { results: 100_000, text: 64 * 1024 };
/** Elements inside one another; a report needs about six. */
const DEPTH = 64;
/** Attributes of one element. */
const ATTRIBUTES = 64;

/**
 * Reads a report in the JUnit form, as its many writers have it: `testsuites`, `testsuite` and `testcase` with
 * `failure`, `error` or `skipped` in them; there is no standard of it. Nothing is fetched and no entity of the file's
 * own is replaced. What was read before a mistake counts: a run that was killed leaves half a file. What is cut, or
 * looked through for a place, is masked before.
 */
export async function parseJunit(
  bytes: AsyncIterable<Uint8Array>,
  mask: MaskText,
  bounds: ReadingBounds = BOUNDS,
): Promise<ParsedReport> {
  const reader = new JunitReader(bounds, mask);
  try {
    let decoder: TextDecoder | null = null;
    for await (const piece of bytes) {
      decoder ??= new TextDecoder(encodingOf(piece));
      reader.push(decoder.decode(piece, { stream: true }));
    }
    reader.end();
    return { results: reader.results, complaint: null };
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
    return { results: reader.results, complaint: error.message };
  }
}

/** The file is no report; the message says why. */
class NotRead extends Error {}

interface OpenCase {
  readonly suite: string;
  readonly name: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly durationMs: number | null;
  status: TestStatus;
  message: string;
  text: string;
}

/** Elements whose text says why a test did not pass. */
const ENDS: ReadonlyMap<string, TestStatus> = new Map([
  ['failure', 'failed'],
  ['error', 'error'],
  ['skipped', 'skipped'],
]);

class JunitReader {
  readonly results: TestResult[] = [];
  readonly #bounds: ReadingBounds;
  readonly #mask: MaskText;
  readonly #parser = new SaxesParser({ position: false, xmlns: false });
  readonly #open: string[] = [];
  readonly #suites: { readonly name: string; readonly file: string | null }[] = [];
  #case: OpenCase | null = null;
  #attributes = 0;

  constructor(bounds: ReadingBounds, mask: MaskText) {
    this.#bounds = bounds;
    this.#mask = mask;
    this.#parser.on('error', (error) => {
      throw new NotRead(`is no XML: ${mask(error.message).slice(0, 120)}`);
    });
    this.#parser.on('opentagstart', () => void (this.#attributes = 0));
    this.#parser.on('attribute', () => {
      this.#attributes += 1;
      if (this.#attributes > ATTRIBUTES) throw new NotRead('has an element with too many attributes');
    });
    this.#parser.on('opentag', ({ name, attributes }) => this.#start(name, attributes));
    this.#parser.on('closetag', ({ name }) => this.#close(name));
    this.#parser.on('text', (text) => this.#addText(text));
    this.#parser.on('cdata', (text) => this.#addText(text));
  }

  push(text: string): void {
    this.#parser.write(text);
  }

  end(): void {
    this.#parser.close();
  }

  #start(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#open.length === 0 && name !== 'testsuites' && name !== 'testsuite')
      throw new NotRead(`is no JUnit report: it begins with <${this.#mask(name).slice(0, 40)}>`);
    this.#open.push(name);
    if (this.#open.length > DEPTH) throw new NotRead('has too many elements inside one another');
    if (name === 'testsuite')
      this.#suites.push({
        name: attributes['name'] ?? '',
        file: attributes['file'] ?? attributes['filepath'] ?? this.#suites.at(-1)?.file ?? null,
      });
    else if (name === 'testcase') this.#case = this.#caseOf(attributes);
    else if (this.#case !== null && this.#open.at(-2) === 'testcase') {
      const status = ENDS.get(name);
      if (status !== undefined) setEnd(this.#case, status, attributes);
    }
  }

  #caseOf(attributes: Readonly<Record<string, string>>): OpenCase {
    const suite = this.#suites.at(-1);
    return {
      suite: attributes['classname'] ?? suite?.name ?? '',
      name: attributes['name'] ?? '',
      file: attributes['file'] ?? attributes['filepath'] ?? suite?.file ?? null,
      line: wholeNumber(attributes['line'] ?? attributes['lineno']),
      durationMs: milliseconds(attributes['time']),
      status: 'passed',
      message: '',
      text: '',
    };
  }

  #addText(text: string): void {
    const last = this.#open.at(-1) ?? '';
    if (this.#case === null || !ENDS.has(last)) return;
    this.#case.text += text.slice(0, Math.max(0, this.#bounds.text - this.#case.text.length));
  }

  #maskedCase(test: OpenCase): OpenCase {
    if (test.status === 'passed') return test;
    const isCut = test.text.length >= this.#bounds.text;
    return { ...test, message: this.#mask(test.message), text: this.#mask(test.text, isCut) };
  }

  #close(name: string): void {
    this.#open.pop();
    if (name === 'testsuite') this.#suites.pop();
    if (name !== 'testcase' || this.#case === null) return;
    this.results.push(resultOf(this.#maskedCase(this.#case)));
    this.#case = null;
    if (this.results.length >= this.#bounds.results)
      throw new NotRead(`has more than ${this.#bounds.results} tests`);
  }
}

/** The worst of several ends counts, with its message. */
function setEnd(test: OpenCase, status: TestStatus, attributes: Readonly<Record<string, string>>): void {
  const isWorse = test.status === 'passed' || test.status === 'skipped';
  if (isWorse) test.status = status;
  const said = attributes['message'] ?? '';
  if (test.message === '') test.message = said === '' ? (attributes['type'] ?? '') : said;
}

/** Of what is masked. */
function resultOf({ message, text, ...test }: OpenCase): TestResult {
  const told = text.trim();
  const whole = told.startsWith(message) ? told : [message, told].filter((part) => part !== '').join('\n');
  const failed = test.status === 'failed' || test.status === 'error';
  const place = failed ? findPlace(whole, test) : null;
  return {
    suite: test.suite,
    name: test.name === '' ? '(without a name)' : test.name,
    file: test.file ?? place?.file ?? null,
    ...(test.file === null ? {} : { ownFile: true }),
    line: place?.line ?? test.line,
    status: test.status,
    durationMs: test.durationMs,
    message: test.status === 'passed' || whole === '' ? null : whole,
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Seconds with a fraction; some writers group the digits (`1,234.5`). */
function milliseconds(text: string | undefined): number | null {
  const seconds = Number((text ?? '').replaceAll(',', '').trim() || NaN);
  return Number.isFinite(seconds) && seconds >= 0 && seconds < 10_000_000
    ? Math.round(seconds * 1_000)
    : null;
}

/** What the file says of itself (XML 1.0, appendix F); UTF-8 where it says nothing that is known. */
function encodingOf(start: Uint8Array): string {
  const [first, second] = start;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = Buffer.from(start.subarray(0, 200)).toString('latin1');
  const named = /^<\?xml[^>]*encoding=["']([\w.:-]{1,40})["']/.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(named).encoding;
  } catch {
    return 'utf-8';
  }
}
