import { Lexer } from 'yaml';
import type { Document } from 'yaml';
import { decode } from '../pipeline/decode.ts';
import { takeBytes } from '../pipeline/build-room.ts';
import { composeDocuments, reportErrors } from '../pipeline/parse-yaml.ts';
import { createReport } from '../pipeline/report.ts';
import type { Report } from '../pipeline/report.ts';
import type { InputFile } from './converted.ts';
import type { ConvertRoom } from './convert-room.ts';
import { Foreign } from './foreign.ts';
import type { ScalarText } from './scalar-text.ts';

/** A comment of a file, without `#`, and where it stands. */
export interface Comment {
  readonly offset: number;
  readonly text: string;
  /** Whether anything of the file stands before it on its line. */
  readonly isTrailing: boolean;
}

/** A file in another format, as text and as documents of values. */
export interface ForeignFile {
  readonly name: string;
  readonly text: string;
  readonly report: Report;
  /** In the file's order; those without content are left out. Empty when the report has errors. */
  readonly documents: readonly ForeignDocument[];
  readonly comments: readonly Comment[];
  /** It is read for what other files take of it, and is no pipeline of its own. */
  readonly isBeside: boolean;
}

export interface ForeignDocument {
  readonly root: Foreign;
  /** Where it begins and ends in the file, its comments included. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a file as YAML in which every scalar is some text. Never throws; what is wrong is in the report.
 * @param room What is read, here and by whoever reads the documents, is taken from it.
 * @param scalar Which text that is.
 */
export function openFile(
  { path: name, content: input, isBeside = false }: InputFile,
  room: ConvertRoom,
  scalar: ScalarText,
): ForeignFile {
  const { text, wrong } = decode(takeBytes(input, room));
  const report = createReport(name, text);
  const file = { name, text, report, comments: [], isBeside };
  if (wrong !== null) {
    report.add(wrong.code, { span: wrong.span, path: '' }, wrong.details);
    return { ...file, documents: [] };
  }
  const parsed = composeDocuments(text, report, room) ?? [];
  for (const document of parsed) reportErrors(document, report);
  if (report.hasErrors()) return { ...file, documents: [] };
  const documents = parsed.flatMap((document, index) =>
    open(document, parsed[index - 1], { text, report, room, scalar }),
  );
  if (documents.length === 0) report.add('file_empty', { span: { offset: 0, length: 1 }, path: '' });
  return { ...file, documents, comments: commentsOf(text) };
}

function open(
  document: Document.Parsed,
  before: Document.Parsed | undefined,
  { text, ...sheet }: { text: string; report: Report; room: ConvertRoom; scalar: ScalarText },
): readonly ForeignDocument[] {
  const { contents } = document;
  const [, , end = text.length] = document.range;
  const start = before?.range[2] ?? 0;
  if (contents === null) return [];
  const root = Foreign.of(contents, document, sheet);
  return root.kind === 'nothing' ? [] : [{ root, start, end }];
}

function commentsOf(text: string): readonly Comment[] {
  const comments: Comment[] = [];
  let offset = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKS.has(lexeme)) {
      isScalar = lexeme === SCALAR;
      continue;
    }
    if (!isScalar && lexeme.startsWith('#')) {
      const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
      comments.push({ offset, text: lexeme.slice(1), isTrailing: line.trim() !== '' });
    }
    isScalar = false;
    offset += lexeme.length;
  }
  return comments;
}

/** Of the lexer itself: they stand for no text. What follows the last is a scalar. */
const SCALAR = '\u001f';
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', SCALAR]);
