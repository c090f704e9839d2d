const MIB = 1024 * 1024;
const fill = (unit: string): string => unit.repeat(Math.floor(MIB / unit.length));

/** Ten million strings, as aliases of aliases. */
export const ALIAS_BOMB = aliasBomb();

/** Inputs of 1 MiB, and smaller ones, that make naive parsers slow, or end their stack. */
export const WORST_FILES: Readonly<Record<string, string>> = {
  'nested lists': '['.repeat(MIB / 2) + ']'.repeat(MIB / 2),
  'unclosed lists': fill('['),
  'nested keys within a map': `image: {}\n${'? '.repeat(20_000)}x\nsteps: {}\n`,
  'tens of thousands of errors': `steps: { a: ${'"${A:-'.repeat(9_500)}`,
  'nested maps': fill('{a: '),
  'nested block lists': fill('- '),
  'a list 30,000 levels deep': `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  'a block list 30,000 levels deep': '- '.repeat(30_000),
  'nested keys': fill('? '),
  'one long flow list': `[${'a,'.repeat(MIB / 2 - 2)}]`,
  'many keys': Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`).join('\n'),
  'the same key': 'a: 1\n'.repeat(MIB / 5),
  'many aliases': `a: &a 1\nb: [${'*a,'.repeat(300_000)}]`,
  'many anchors': fill('&a '),
  'many tags': fill('!!a '),
  'many documents': fill('---\n'),
  'many directives': fill('%YAML 1.2\n'),
  'only quotes': fill("'\n"),
  'only colons': fill(': '),
  'only comments': fill('#\n'),
  'only newlines': fill('\n'),
  'one word': fill('a'),
  'one long key': `${'k'.repeat(MIB - 10)}: 1`,
  'a path of a cache': `steps: { a: { commands: x, cache: { key: k, paths: "${'/'.repeat(MIB - 100)}x" } } }`,
  'a deep path of steps': `steps: {${Array.from({ length: 3_000 }, (_, i) => `s${i}: {commands: x}`).join(',')}}`,
  'wide dependencies': `steps: {${Array.from({ length: 1_900 }, (_, i) => `s${i}: {commands: x, depends_on: [${Array.from({ length: Math.min(i, 20) }, (_, j) => `s${i - j - 1}`).join(',')}], when: {event: tag}}`).join(',')}}`,
  'dependencies on what there is not': stepsOf(1_500, (i) => `depends_on: ${longName(i)}-gone`),
  'dependencies on what there may not be': stepsOf(
    1_500,
    (i) => `depends_on: [{ name: ${longName(i)}-gone, optional: true }]`,
  ),
  'dependencies on nearly the same names': stepsOf(1_900, (i) => `depends_on: ${longName(i + 9_999)}`),
  'variables that there are not': `steps: { a: { image: a, commands: x, settings: {${Array.from({ length: 6_000 }, (_, i) => `k${i}: "\${${longName(i).replaceAll('-', '_')}}"`).join(',')}} } }`,
};

/** Files that are wrong in every way that a file can be, some larger than any that is read. */
export const HOSTILE_FILES: Readonly<Record<string, string>> = {
  ...WORST_FILES,
  'an alias bomb': ALIAS_BOMB,
  'a cycle': 'steps: &a [*a]\n',
  'a cycle over two anchors': 'a: &a { b: *b }\nb: &b { a: *a }\nsteps: *a\n',
  'wrong types': 'image: [1]\nsteps: 7\nservices: text\npush: true\ndeploy: { environment: [] }\n',
  'tags of a language': 'steps: !!python/object/apply:os.system ["id"]\n',
  'a NUL': 'steps: [{ name: "a\\0b", commands: [true] }]\n\u0000',
  'keys that all objects have': '__proto__: { a: 1 }\nconstructor: 1\nsteps: { toString: { commands: x } }\n',
  '10 MB of text': 'a'.repeat(10_000_000),
  '10 MB of steps': `steps:\n${'  - { name: a, commands: [make] }\n'.repeat(300_000)}`,
};

/** Names of 60 letters that differ in some that are far from each other. */
function longName(index: number): string {
  const [a = '', b = '', c = '', d = ''] = String(index).padStart(4, '0');
  return `a${a}${'x'.repeat(18)}${b}${'x'.repeat(18)}${c}${'x'.repeat(17)}${d}`;
}

function stepsOf(count: number, more: (index: number) => string): string {
  const steps = Array.from({ length: count }, (_, i) => `  ${longName(i)}: { commands: x, ${more(i)} }`);
  return `image: {}\nsteps:\n${steps.join('\n')}\n`;
}

function aliasBomb(): string {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [index, name] of [...'bcdefgh'].entries()) {
    const before = 'abcdefgh'.charAt(index);
    lines.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(',')}]`);
  }
  return `${lines.join('\n')}\nsteps: { s: { commands: *h } }\n`;
}
