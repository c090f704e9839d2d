import { Document, isMap, isScalar, isSeq, Pair, parseDocument, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Node } from 'yaml';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import { excerptOf } from '../pipeline/excerpt.ts';
import { nodeSpan } from '../pipeline/parse-yaml.ts';
import type { Report, Span } from '../pipeline/report.ts';
import type { Comment } from './open-file.ts';
import type { Foreign } from './foreign.ts';
import type { Out, OutMap } from './out.ts';

/** Where a part of a written file comes from. */
interface Origin {
  readonly offset: number;
  readonly length: number;
  readonly path: string;
  readonly report: Report;
}

/** The file that a workflow was converted from. */
export interface OriginFile {
  readonly name: string;
  readonly text: string;
  readonly comments: readonly Comment[];
  readonly report: Report;
}

export interface WrittenWorkflow {
  readonly text: string;
  /** A problem of the written text, shown at what that was converted from. */
  toOrigin(problem: LintProblem): LintProblem;
}

/**
 * A workflow as text. Each comment of its file comes before, or behind, the part whose origin stands next to it.
 * @param files Those that parts of it may come from.
 */
export function writeWorkflow(
  root: OutMap,
  origin: OriginFile,
  range: { readonly start: number; readonly end: number },
  files: readonly OriginFile[],
): WrittenWorkflow {
  const all: Place[] = [];
  const document = new Document(null, { schema: 'core' });
  const written = render(root, all) as unknown as YAMLMap<Scalar>;
  const places = all.filter(({ report }) => report === origin.report);
  document.contents = written;
  const comments = origin.comments.filter(({ offset }) => offset >= range.start && offset < range.end);
  const head = comments.filter(({ offset }) => offset < (root.from?.span.offset ?? 0));
  const last = placeComments(comments.slice(head.length), places, origin.text);
  if (last.length > 0) document.comment = joined(last);
  const [first] = written.items;
  if (head.length > 0 && first !== undefined)
    first.key.commentBefore = [joined(head), first.key.commentBefore]
      .filter((one) => typeof one === 'string')
      .join('\n');
  separate(root, written);
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return { text, toOrigin: (problem) => toOrigin(problem, text, root, [origin, ...files]) };
}

/** Something that a comment can stand before, in the order of the written file. */
interface Place {
  readonly offset: number;
  readonly node: Node;
  readonly report: Report;
}

function render(out: Out, places: Place[]): Node {
  if (out.kind === 'text') return scalarOf(out.value);
  if (out.kind === 'list') {
    const sequence = new YAMLSeq();
    sequence.flow = out.items.length === 0;
    for (const item of out.items) {
      const index = places.length;
      const node = render(item, places);
      if (item.from !== null) places.splice(index, 0, { ...placeOf(item.from), node });
      sequence.items.push(node);
    }
    return sequence;
  }
  const map = new YAMLMap();
  map.flow = out.entries.length === 0;
  for (const { key, value, from } of out.entries) {
    const name = new Scalar(key);
    if (from !== null) places.push({ ...placeOf(from), node: name });
    map.items.push(new Pair(name, render(value, places)));
  }
  return map;
}

const placeOf = ({ span, report }: Foreign) => ({ offset: span.offset, report });

/** Several lines as they stand; what YAML has other words for in quotes. */
function scalarOf(value: string): Scalar {
  const scalar = new Scalar<unknown>(value);
  if (value.includes('\n')) scalar.type = 'BLOCK_LITERAL';
  else if (/^(?:~|null|Null|NULL|)$/.test(value) || value.trim() !== value) scalar.type = 'QUOTE_DOUBLE';
  else if (PLAIN_WORD.test(value)) scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

/** Words that other readers of YAML take for truth values. */
const PLAIN_WORD = /^(?:y|n|yes|no|on|off)$/i;

/** Gives those that nothing follows. */
function placeComments(
  comments: readonly Comment[],
  places: readonly Place[],
  text: string,
): readonly Comment[] {
  const sorted = [...places].sort((a, b) => a.offset - b.offset);
  const before = new Map<Node, Comment[]>();
  const last: Comment[] = [];
  for (const comment of comments) {
    const lineStart = text.lastIndexOf('\n', comment.offset - 1) + 1;
    const own = comment.isTrailing
      ? sorted.find(({ offset }) => offset >= lineStart && offset < comment.offset)
      : undefined;
    const place = own ?? sorted.find(({ offset }) => offset > comment.offset);
    if (place === undefined) last.push(comment);
    else before.set(place.node, [...(before.get(place.node) ?? []), comment]);
  }
  for (const [node, all] of before) node.commentBefore = joined(all);
  return last;
}

const joined = (comments: readonly Comment[]): string =>
  comments.map(({ text }) => (text === '' ? ' ' : text.replace(/\r$/, ''))).join('\n');

/** A blank line before each part of the file but its short first ones. */
function separate({ entries }: OutMap, map: YAMLMap): void {
  map.items.forEach(({ key }, index) => {
    const before = entries[index - 1];
    const isLong = (one: (typeof entries)[number] | undefined) =>
      one !== undefined && one.value.kind !== 'text';
    if (isLong(entries[index]) || isLong(before)) (key as Scalar).spaceBefore = index > 0;
  });
}

/** The parts of a written text, each with its origin: read again, because only then it is known where they stand. */
function toOrigin(problem: LintProblem, text: string, root: OutMap, files: readonly OriginFile[]) {
  const starts = lineStarts(text);
  const at = (starts[problem.line - 1] ?? 0) + problem.column - 1;
  const found = { offset: -1, origin: null as Origin | null };
  walk(
    root,
    parseDocument(text, { schema: 'failsafe', logLevel: 'silent' }).contents,
    null,
    (offset, origin) => {
      if (offset <= at && offset >= found.offset) Object.assign(found, { offset, origin });
    },
  );
  const { offset = 0, length = 1, path = '' } = found.origin ?? {};
  const file = files.find(({ report }) => report === found.origin?.report) ?? files[0];
  const { name = '', text: original = '' } = file ?? {};
  const lines = lineStarts(original);
  const line = lines.filter((start) => start <= offset).length;
  const start = lines[line - 1] ?? 0;
  const end = (lines[line] ?? original.length + 1) - 1;
  const shown = Math.max(1, Math.min(length, end - offset));
  const excerpt = excerptOf(original.slice(start, end), offset - start, shown);
  return { ...problem, file: name, line, column: offset - start + 1, length: shown, path, excerpt };
}

function walk(
  out: Out,
  node: unknown,
  above: Origin | null,
  visit: (offset: number, origin: Origin | null) => void,
): void {
  const origin = out.from === null ? above : originOf(out.from, out.from.valueSpan);
  if (isScalar(node) || isMap(node) || isSeq(node)) visit(nodeSpan(node).offset, origin);
  if (out.kind === 'list' && isSeq(node))
    out.items.forEach((item, index) => walk(item, node.items[index], origin, visit));
  if (out.kind === 'map' && isMap(node))
    out.entries.forEach(({ value, from }, index) => {
      const pair = node.items[index];
      const own = from === null ? origin : originOf(from, from.span);
      if (isScalar(pair?.key)) visit(nodeSpan(pair.key).offset, own);
      walk(value, pair?.value, own, visit);
    });
}

const originOf = ({ path, report }: Foreign, span: Span): Origin => ({ ...span, path, report });

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
