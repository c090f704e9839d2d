import { isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { isEmpty, nodeSpan } from '../pipeline/parse-yaml.ts';
import type { Report, Span } from '../pipeline/report.ts';
import { MOST_CHARACTERS, MOST_VALUES, TooManyValues, type ConvertRoom } from './convert-room.ts';
import { asWritten, type ScalarText } from './scalar-text.ts';

/** What all values of a document share. */
interface Sheet {
  readonly report: Report;
  readonly room: ConvertRoom;
  /** Nodes by their anchors, in the file's order. */
  readonly anchors: readonly { readonly name: string; readonly node: Node }[];
  /** Paths of what the file need not say here, each with its reason. */
  readonly needless: Map<string, { readonly line: number; readonly reason: string }>;
  readonly scalar: ScalarText;
  readonly bind: Bind;
  readonly bindKey: Bind;
}

/** A text of a document with values in the place of what stands for them where the document is taken in. */
export type Bind = (text: string, at: Foreign) => string;

const ALL = 'it, or all files of its build together,';

const OF_CORE = /^tag:yaml\.org,2002:(?:int|float|bool|timestamp)$/;

/**
 * A value of a file in another format. Who needs it reads it, and by that uses it up; {@link noteRest} notes whatever
 * nobody has read, so that nothing of a file can be left out in silence. Aliases and merge keys are resolved. Each place
 * of an alias is a value of its own.
 */
export class Foreign {
  /** Of a map's entry its key, of a list's item its index, of the root nothing. */
  readonly key: string;
  readonly kind: 'text' | 'list' | 'map' | 'nothing';
  /** Of an entry, where its key stands; else where the value does. */
  readonly span: Span;
  /** The YAML tag, where the file writes one. */
  readonly tag: string | null;
  /** Where in the document, e.g. `steps[2].image`. */
  readonly path: string;
  private readonly node: Node | null;
  private readonly sheet: Sheet;
  /** What the aliases that led here stand for. */
  private readonly aliases: readonly Node[];
  private state: 'unread' | 'open' | 'used' = 'unread';
  private children: readonly Foreign[] | null = null;
  private boundText: string | null = null;

  private constructor(
    sheet: Sheet,
    node: Node | null,
    path: string,
    key: string,
    keyNode: Node | null,
    aliases: readonly Node[],
  ) {
    this.sheet = sheet;
    this.node = node;
    this.path = path;
    this.aliases = aliases;
    this.key = key;
    this.kind =
      node === null || isEmpty(node) ? 'nothing' : isMap(node) ? 'map' : isSeq(node) ? 'list' : 'text';
    this.span = nodeSpan((keyNode ?? node) as Node);
    this.tag = node?.tag ?? null;
  }

  /** The root of a document. */
  static of(
    contents: Node,
    document: Document,
    { report, room, scalar }: Pick<Sheet, 'report' | 'room' | 'scalar'>,
  ): Foreign {
    const anchors: { name: string; node: Node }[] = [];
    visit(document, {
      Node: (_key, node) => {
        if (!isAlias(node) && node.anchor !== undefined) anchors.push({ name: node.anchor, node });
      },
    });
    const asItIs = (text: string) => text;
    const sheet = { report, room, scalar, anchors, needless: new Map(), bind: asItIs, bindKey: asItIs };
    return new Foreign(sheet, contents, '', '', null, []);
  }

  /** The same value, unread, whose texts are bound, and its keys by `bindKey`. */
  bound(bind: Bind, bindKey = this.sheet.bindKey): Foreign {
    return new Foreign({ ...this.sheet, bind, bindKey }, this.node, this.path, this.key, null, this.aliases);
  }

  get report(): Report {
    return this.sheet.report;
  }

  /** What was read and has no counterpart because it need not, by its path. */
  get needless(): Sheet['needless'] {
    return this.sheet.needless;
  }

  /** Where the value itself stands. */
  get valueSpan(): Span {
    return this.node === null ? this.span : nodeSpan(this.node);
  }

  /** Whether it is a scalar whose type is the reader's to find: without quotes, and not said to be text. */
  get isPlain(): boolean {
    if (!isScalar(this.node)) return false;
    return this.tag === null || this.tag === '!' ? this.node.type === 'PLAIN' : OF_CORE.test(this.tag);
  }

  /** Whether nobody has looked at it. */
  get isUnread(): boolean {
    return this.state === 'unread';
  }

  /** The text of a scalar; of anything else null, and it stays unread. */
  text(): string | null {
    if (this.kind === 'nothing') {
      this.state = 'used';
      return '';
    }
    if (this.kind !== 'text') return null;
    this.state = 'used';
    return this.peek();
  }

  /** The same, without using it up. */
  peek(): string {
    this.boundText ??= this.sheet.bind(this.sheet.scalar(this.node), this);
    return this.boundText;
  }

  /** An entry of a map, which the reader is to read; undefined where there is none. */
  get(key: string): Foreign | undefined {
    return this.open('map').find((child) => child.key === key);
  }

  has(key: string): boolean {
    return this.kind === 'map' && this.childList().some((child) => child.key === key);
  }

  /** Entries of a map in its order; none for anything else, which stays unread. */
  entries(): readonly Foreign[] {
    return this.open('map');
  }

  /** Items of a list; none for anything else, which stays unread. */
  items(): readonly Foreign[] {
    return this.open('list');
  }

  /** Items of a list, or the one value that stands in its place; none for nothing. */
  oneOrMore(): readonly Foreign[] {
    if (this.kind === 'list') return this.items();
    if (this.kind === 'nothing') this.use();
    return this.kind === 'nothing' ? [] : [this];
  }

  /** Something of so many characters is written out in its place, once more. */
  spend(length: number): void {
    this.sheet.room.characters -= length + 100;
    if (this.sheet.room.characters < 0)
      throw new TooManyValues(`${ALL} stand for more characters`, MOST_CHARACTERS);
  }

  /** All of it was read, or noted. */
  use(): void {
    this.state = 'used';
  }

  /** It says what holds here anyway. */
  needs(reason: string): void {
    this.sheet.needless.set(this.path, { line: this.report.lineOf(this.span.offset), reason });
    this.use();
  }

  /** It cannot be honoured: `why`, and in `fix` our way to say it. */
  leaveOut(why: string, fix: string): void {
    this.note('convert_left_out', { key: this.name, why, fix });
    this.use();
  }

  /** It is honoured, but not quite as there: `how`, and in `fix` what to do about it. Does not use it up. */
  changes(how: string, fix: string): void {
    this.note('convert_changed', { key: this.name, how, fix });
  }

  /** Notes whatever of it nobody has read. */
  noteRest(): void {
    if (this.state === 'used') return;
    if (this.state === 'unread') {
      this.note('convert_unknown', { key: this.name });
      this.use();
    } else for (const child of this.children ?? []) child.noteRest();
  }

  private note(
    code: 'convert_left_out' | 'convert_changed' | 'convert_unknown',
    details: Record<string, string>,
  ): void {
    this.report.add(code, { span: this.span, path: this.path }, details);
  }

  private get name(): string {
    return this.path === '' ? 'the file' : this.path.length > 80 ? `…${this.path.slice(-79)}` : this.path;
  }

  private open(kind: 'map' | 'list'): readonly Foreign[] {
    if (this.kind !== kind) return [];
    if (this.state === 'unread') this.state = 'open';
    return this.childList();
  }

  private childList(): readonly Foreign[] {
    this.children ??= isMap(this.node)
      ? this.mapChildren(this.node)
      : isSeq(this.node)
        ? this.node.items.flatMap((item, index) =>
            mergedLists(this.child(item as Node, String(index), null, `${this.path}[${index}]`)),
          )
        : [];
    return this.children;
  }

  /** The items that a map with nothing but a merge key of a list stands for; null for any other value. */
  mergedItems(): readonly Foreign[] | null {
    if (!isMap(this.node) || this.node.items.length !== 1) return null;
    const [pair] = this.node.items;
    const key = pair?.key as Node | undefined;
    if (key === undefined || !isScalar(key) || key.value !== '<<') return null;
    const value = this.child(pair?.value as Node | null, '<<', key, `${this.path}.<<`);
    return value.kind === 'list' ? value.items() : null;
  }

  private mapChildren(map: YAMLMap): readonly Foreign[] {
    const children = new Map<string, Foreign>();
    const merged = new Map<string, Foreign>();
    for (const { key, value } of map.items) {
      const keyNode = key as Node;
      const child = this.entry(value as Node | null, keyNode);
      const name = child.key;
      if (name === '<<') for (const one of this.merge(child)) merged.set(one.key, one);
      else {
        children.get(name)?.leaveOut('it is given twice, and the later counts', 'Keep one of the two.');
        children.set(name, child);
      }
    }
    for (const [name, child] of merged) if (!children.has(name)) children.set(name, child);
    return [...children.values()];
  }

  private entry(value: Node | null, keyNode: Node): Foreign {
    const called = (name: string) =>
      this.child(value, name, keyNode, this.path === '' ? name : `${this.path}.${name}`);
    const written = asWritten(keyNode);
    const child = called(written);
    const name = this.sheet.bindKey(written, child);
    return name === written ? child : called(name);
  }

  /** What a merge key brings in; of several maps the first that has a key gives it. */
  private merge(child: Foreign): readonly Foreign[] {
    const found = new Map<string, Foreign>();
    for (const one of child.kind === 'list' ? child.items() : [child])
      for (const entry of one.kind === 'map' ? one.entries() : [])
        if (!found.has(entry.key)) found.set(entry.key, entry);
    return [...found.values()];
  }

  private child(node: Node | null, key: string, keyNode: Node | null, path: string): Foreign {
    if (--this.sheet.room.values < 0) throw new TooManyValues(`${ALL} stand for more values`, MOST_VALUES);
    if (!isAlias(node))
      return new Foreign(this.sheet, node, path, key, keyNode ?? node ?? this.node, this.aliases);
    const target = this.target(node);
    if (target === null || this.aliases.includes(target) || target === this.node) {
      const lost = new Foreign(this.sheet, null, path, key, keyNode ?? node, this.aliases);
      lost.leaveOut(
        `nothing before it carries the anchor \`${node.source}\`, or it contains itself`,
        'Write the value out.',
      );
      return lost;
    }
    return new Foreign(this.sheet, target, path, key, keyNode ?? node, [...this.aliases, target]);
  }

  /** The nearest node before an alias that carries its anchor. */
  private target(alias: Alias): Node | null {
    const at = alias.range?.[0] ?? 0;
    const before = this.sheet.anchors.filter(
      ({ name, node }) => name === alias.source && (node.range?.[0] ?? 0) < at,
    );
    return before.at(-1)?.node ?? null;
  }
}

/** `- <<: *list` in a list stands for the items of that list, as Woodpecker has it. */
function mergedLists(item: Foreign): readonly Foreign[] {
  return item.mergedItems() ?? [item];
}
