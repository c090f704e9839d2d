import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, CST, Document, Node, ParsedNode, Scalar, YAMLMap } from 'yaml';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import type { BuildRoom } from './build-room.ts';
import type { Report, Span } from './report.ts';

/** A YAML document that may be read: bounded in depth, keys unique, aliases resolved. */
export interface YamlTree {
  readonly root: Node;
  /** What each alias stands for: the nearest node before it that carries its anchor. */
  readonly targets: ReadonlyMap<Alias, Node>;
}

/**
 * Parses text as one YAML 1.2 document in which every scalar is text (the "failsafe" schema), so that
 * `1.10` or `no` never change their meaning. Null when the report now says why not.
 * @param room Its tokens are taken from this.
 * @param base Offset at which the report has the text.
 */
export function parseYaml(text: string, report: Report, room: BuildRoom, base = 0): YamlTree | null {
  const documents = composeDocuments(text, report, room, base);
  const [first, second] = documents ?? [];
  if (first === undefined) return null;
  reportErrors(first, report);
  if (second !== undefined) report.add('several_documents', { span: spanOf(second.range[0], 3), path: '' });
  if (first.errors.length > 0 || second !== undefined) return null;
  if (first.contents === null || isEmpty(first.contents)) {
    report.add('file_empty', { span: spanOf(base, 1), path: '' });
    return null;
  }
  return { root: first.contents, targets: inspect(first, report) };
}

/** The documents of a text, within the limits; null when the report now says why not. Their errors are not reported yet. */
export function composeDocuments(
  text: string,
  report: Report,
  room: BuildRoom,
  base = 0,
): readonly Document.Parsed[] | null {
  const tokens = parseTokens(text, report, room, base);
  if (tokens === null || isTooDeep(tokens, report)) return null;
  return withoutStacks(
    () => [...new Composer(OPTIONS).compose(tokens, true, base + text.length)] as Document.Parsed[],
  );
}

const OPTIONS = {
  schema: 'failsafe',
  uniqueKeys: false,
  prettyErrors: false,
  stringKeys: false,
  logLevel: 'silent',
} as const;

function parseTokens(text: string, report: Report, room: BuildRoom, base: number): CST.Token[] | null {
  const lexemes = readLexemes(text, report, room, base);
  if (lexemes === null) return null;
  const parser = new Parser();
  parser.offset = base;
  const tokens: CST.Token[] = [];
  for (const lexeme of lexemes) {
    tokens.push(...parser.next(lexeme));
    const tooDeep = parser.stack[PIPELINE_LIMITS.depth + 1];
    if (tooDeep !== undefined && parser.stack.length > DEEP_STACK) {
      tooComplex(report, spanOf(tooDeep.offset, 1), 'it has more levels', PIPELINE_LIMITS.depth);
      return null;
    }
  }
  tokens.push(...parser.end());
  return tokens;
}

/** All of them before any is made into a tree, which takes ten times as long. */
function readLexemes(text: string, report: Report, room: BuildRoom, base: number): readonly string[] | null {
  const lexemes: string[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    if (room.tokens === 0) {
      const offset = lexemes.reduce((sum, one) => sum + (MARKS.has(one) ? 0 : one.length), base);
      const what =
        lexemes.length === PIPELINE_LIMITS.tokens ? 'it has' : 'the files of the build together have';
      tooComplex(report, spanOf(offset, 1), `${what} more tokens`, PIPELINE_LIMITS.tokens);
      return null;
    }
    room.tokens--;
    lexemes.push(lexeme);
  }
  return lexemes;
}

/** Of the lexer itself, for a document, the end of a flow and a scalar: they stand for no text. */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);

/** What is open at once in the parser: it too recurses, where one token closes them all. */
const DEEP_STACK = 1_000;

/** The composer makes an error of what it finds, tens of thousands of a bad file; their stacks cost most of its time. */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Walked with a list of its own: the composer recurses, and gives up deep down without saying where. */
function isTooDeep(tokens: readonly CST.Token[], report: Report): boolean {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > PIPELINE_LIMITS.depth) {
      tooComplex(report, spanOf(token.offset, 1), 'it has more levels', PIPELINE_LIMITS.depth);
      return true;
    }
    for (const child of childrenOf(token)) open.push({ token: child, depth: depth + 1 });
  }
  return false;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items
    .flatMap(({ key, value }) => [key, value])
    .filter((child) => child !== undefined && child !== null);
}

/** The first error of a line, on at most five lines: what follows is mostly its consequence. */
export function reportErrors({ errors }: Document.Parsed, report: Report): void {
  const lines = new Set<number>();
  for (const { code, message, pos } of errors) {
    const [start, end] = pos;
    const line = report.lineOf(start);
    if (lines.size >= 5 || lines.has(line)) continue;
    lines.add(line);
    const at = { span: spanOf(start, end - start), path: '' };
    const cause = message.replace(/\.$/, '').replace(/\s+/g, ' ').slice(0, 200);
    if (code === 'TAB_AS_INDENT') report.add('tab_indent', at);
    else report.add('yaml_wrong', at, { cause });
  }
}

/** One pass in the file's order: anchors before aliases, each key once in its map, no tags of one's own. */
function inspect(document: Document.Parsed<ParsedNode>, report: Report): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_key, node, path) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        const at = { span: nodeSpan(node), path: '' };
        if (target === undefined) report.add('alias_unknown', at, { name: node.source });
        else if (path.includes(target)) report.add('alias_cycle', at, { name: node.source });
        else targets.set(node, target);
        return;
      }
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag))
        report.add('tag_unsupported', { span: nodeSpan(node), path: '' }, { tag: node.tag.slice(0, 60) });
      if (isMap(node)) reportDuplicates(node, report);
      if (isScalar(node)) reportEscape(node, report);
    },
  });
  return targets;
}

/** NUL ends a text for the system, and half of a pair of UTF-16 has no UTF-8; both can be written as escapes only. */
function reportEscape(node: Scalar, report: Report): void {
  if (typeof node.value !== 'string') return;
  const [found] = /\0|\p{Surrogate}/u.exec(node.value) ?? [];
  if (found === undefined) return;
  const character = `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  report.add('escape_wrong', { span: nodeSpan(node), path: '' }, { character });
}

const PLAIN_TAGS = new Set(['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']);

function reportDuplicates(map: YAMLMap, report: Report): void {
  const lines = new Map<string, number>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const text = String(key.value);
    const span = nodeSpan(key);
    const line = lines.get(text);
    if (line === undefined) lines.set(text, report.lineOf(span.offset));
    else report.add('key_duplicate', { span, path: '' }, { key: text.slice(0, 60), line });
  }
}

/** Where a node stands, without what trails it. */
export function nodeSpan(node: Node): Span {
  const [start = 0, end = start] = node.range ?? [];
  return spanOf(start, end - start);
}

/** Whether a scalar is nothing at all: `key:` without a value, or YAML's words for it, unquoted. */
export function isEmpty(node: Node): boolean {
  if (!isScalar(node) || typeof node.value !== 'string') return isScalar(node);
  return node.type === 'PLAIN' && ['', '~', 'null', 'Null', 'NULL'].includes(node.value);
}

/** The kind of a node in words for a person. */
export function kindOf(node: Node): 'text' | 'a list' | 'a map' {
  return isSeq(node) ? 'a list' : isMap(node) ? 'a map' : 'text';
}

function tooComplex(report: Report, span: Span, what: string, limit: number): void {
  report.add('too_complex', { span, path: '' }, { what, limit });
}

const spanOf = (offset: number, length: number): Span => ({ offset, length: Math.max(1, length) });
