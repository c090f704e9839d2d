import { Random } from '../random.ts';

/** A broken pipeline file; the same for the same seed and index. */
export function mutateFile(corpus: readonly string[], seed: number, index: number): Buffer {
  const random = new Random(seed * 1_000_003 + index);
  let bytes: Buffer = Buffer.from(pick(random, corpus));
  for (let left = random.between(1, 4); left > 0; left--)
    bytes = pick(random, MUTATIONS)(bytes, random, corpus);
  if (random.next() < LARGE) bytes = grown(bytes, random);
  return bytes.byteLength > MOST_BYTES ? bytes.subarray(0, MOST_BYTES) : bytes;
}

const MOST_BYTES = 10 * 1024 * 1024;
/** Bytes of lines that are repeated; a file may have 1 MiB. */
const MOST_LINES = 2 * 1024 * 1024;
const LARGEST = Buffer.allocUnsafeSlow(MOST_BYTES);
/** So many of the files are made large, up to 10 MB. */
const LARGE = 1 / 200;

type Mutation = (bytes: Buffer, random: Random, corpus: readonly string[]) => Buffer;

/** What has a meaning somewhere in YAML, in the grammar, or in its values. */
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    '- ',
    '? ',
    '#',
    ',',
    '|',
    '>',
    '"',
    "'",
    '%',
    '@',
    '`',
    '&a ',
    '*a',
    '!!str ',
    '!x ',
  ],
  ...[
    '\n',
    '\r\n',
    '\r',
    '\t',
    '  ',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '<<: *a\n',
    '|+9\n',
    '"\\u0000"',
    '"\\x1b["',
    '~',
    'null',
  ],
  ...[
    '\u0000',
    '\uFEFF',
    '\u2028',
    '\u202E',
    '\uFFFE',
    '日本',
    '🚢',
    '0x1F',
    '1e999',
    '__proto__: {}\n',
    'constructor: 1\n',
  ],
  ...[
    'name: ',
    'when: ',
    'depends_on: [a, b]',
    'environment: ',
    'steps:\n',
    'from_secret: ',
    'timeout: 10m\n',
    'tags: ',
  ],
  ...[
    '${CI_COMMIT_MESSAGE}',
    '${CI_COMMIT_SHA:0:8}',
    '${CI_COMMIT_MESSAGE//*a*/${CI_COMMIT_SHA}}',
    '${CI_REPO%%*[!a]*}',
    '${',
    '$$',
  ],
];

const MUTATIONS: readonly Mutation[] = [
  flipped,
  flipped,
  inserted,
  inserted,
  cut,
  withRepeatedLine,
  withRepeatedLine,
  withSwappedLines,
  spliced,
  nested,
  indented,
  aliased,
  bombed,
  merged,
  (bytes) => Buffer.from(bytes.toString().replaceAll('\n', '\r\n')),
  (bytes) => Buffer.concat([Buffer.from('\uFEFF'), bytes]),
  (bytes, random) => Buffer.from(bytes.toString(), pick(random, ['latin1', 'utf16le'] as const)),
  (bytes) => Buffer.from(bytes.toString().replaceAll('  ', '\t')),
];

function flipped(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  for (let left = random.between(1, 6); left > 0 && changed.length > 0; left--)
    changed[random.between(0, changed.length)] = random.between(0, 256);
  return changed;
}

function inserted(bytes: Buffer, random: Random): Buffer {
  return replaced(bytes, random.between(0, bytes.length + 1), 0, pick(random, PIECES));
}

function cut(bytes: Buffer, random: Random): Buffer {
  return replaced(bytes, random.between(0, bytes.length + 1), random.between(1, 60), '');
}

function withRepeatedLine(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString().split('\n');
  const at = random.between(0, lines.length);
  const block = lines.slice(at, at + random.between(1, 6));
  const wanted = random.next() < 0.1 ? random.between(10, 300) : random.between(1, 4);
  // Who makes the files is in the process whose memory is looked at: 30 MB of lines are no other file than 2 MB of them.
  const times = Math.min(wanted, Math.ceil(MOST_LINES / (block.join('\n').length + 1)));
  lines.splice(random.between(0, lines.length), 0, ...Array.from({ length: times }, () => block).flat());
  return Buffer.from(lines.join('\n'));
}

function withSwappedLines(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString().split('\n');
  const [a, b] = [random.between(0, lines.length), random.between(0, lines.length)];
  [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
  return Buffer.from(lines.join('\n'));
}

function spliced(bytes: Buffer, random: Random, corpus: readonly string[]): Buffer {
  const other = Buffer.from(pick(random, corpus));
  const from = random.between(0, other.length);
  return Buffer.concat([bytes.subarray(0, random.between(0, bytes.length + 1)), other.subarray(from)]);
}

function nested(bytes: Buffer, random: Random): Buffer {
  const levels = random.next() < 0.2 ? random.between(100, 20_000) : random.between(2, 60);
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{a: ', '}'],
    ['- ', ''],
    ['? ', ''],
    ['"${A:-', '}"'],
  ] as const);
  const closed = random.next() < 0.5 ? close.repeat(levels) : '';
  return replaced(bytes, random.between(0, bytes.length + 1), 0, `${open.repeat(levels)}x${closed}`);
}

function indented(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString().split('\n');
  const by = ' '.repeat(random.between(1, 40));
  const from = random.between(0, lines.length);
  return Buffer.from(lines.map((line, at) => (at >= from ? by + line : line)).join('\n'));
}

/** An anchor on a value, and aliases of it, perhaps within itself. */
function aliased(bytes: Buffer, random: Random): Buffer {
  const values = [...bytes.toString().matchAll(/: /g)].map(({ index }) => index + 2);
  const at = values.length === 0 ? 0 : pick(random, values);
  const anchored = replaced(bytes, at, 0, '&a ');
  const times = random.next() < 0.1 ? random.between(100, 5_000) : random.between(1, 4);
  return replaced(anchored, random.between(0, anchored.length + 1), 0, ` [${'*a, '.repeat(times)}]`);
}

/** Aliases of lists of aliases: each level ten times as much. */
function bombed(bytes: Buffer, random: Random): Buffer {
  const levels = random.between(2, 12);
  const lines = ['b0: &b0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < levels; level++)
    lines.push(`b${level}: &b${level} [${Array.from({ length: 10 }, () => `*b${level - 1}`).join(', ')}]`);
  return Buffer.concat([
    Buffer.from(`${lines.join('\n')}\nimage: { args: { A: *b${levels - 1} } }\n`),
    bytes,
  ]);
}

function merged(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString().split('\n');
  const at = random.between(0, lines.length);
  const [indent = ''] = /^ */.exec(lines[at] ?? '') ?? [];
  lines.splice(at, 0, `${indent}<<: ${pick(random, ['*a', '[*a, *a]', '{ image: x }', '&a { image: x }'])}`);
  return Buffer.from(lines.join('\n'));
}

function grown(bytes: Buffer, random: Random): Buffer {
  const size = pick(random, [64 * 1024, 512 * 1024, 1024 * 1024, MOST_BYTES]);
  const from = random.between(0, bytes.length);
  const unit = bytes.subarray(from, from + random.between(1, 400));
  if (unit.length === 0) return bytes;
  const more = Math.max(0, size - bytes.length);
  // Always in the same place: what is looked at is the memory of who reads it, not how much of the last ones is left.
  const large = LARGEST.subarray(0, Math.min(bytes.length + more, LARGEST.length));
  bytes.copy(large, 0, 0, from);
  large.fill(unit, from, from + more);
  bytes.copy(large, from + more, from);
  return large;
}

function replaced(bytes: Buffer, at: number, length: number, by: string): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(by), bytes.subarray(at + length)]);
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.between(0, items.length)] as T;
}
