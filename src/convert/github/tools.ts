import type { Foreign } from '../foreign.ts';
import { own } from '../own.ts';

/** The image that has a tool, and what each step that may call it does in it first ({@link mayCallRust}). */
export interface Tool {
  readonly image: string;
  readonly from: Foreign;
  readonly prepare: readonly string[];
}

interface Known {
  readonly image: string;
  /** The key of the version; `<key>-file` names a file that has it. */
  readonly key: string;
  /** The tag where no version is said, or none that is a tag. */
  readonly standard: string;
  /** Tags for words that are no version. */
  readonly words: Readonly<Record<string, string>>;
  /** Keys with values that say what the image is anyway. */
  readonly needless: Readonly<Record<string, RegExp>>;
  /** The tag of a version `1`, `1.2` or `1.2.3`, where that is not the version itself; null where there is none. */
  readonly tag?: (version: string) => string | null;
}

const ANY_IMAGE: Known['needless'] = { 'check-latest': /^false$/, architecture: /^(?:x64|)$/, token: /^/ };
const RUST: Known = {
  image: 'rust',
  key: 'toolchain',
  standard: '1',
  words: { stable: '1' },
  needless: { profile: /^minimal$/, override: /^(?:true|false)$/, default: /^(?:true|false)$/ },
};

/** Actions that make a tool ready; here the image of the step has it. */
const TOOLS: Readonly<Record<string, Known>> = {
  'actions/setup-node': {
    image: 'node',
    key: 'node-version',
    standard: 'lts',
    words: { 'lts/*': 'lts', current: 'current', latest: 'current', node: 'current' },
    needless: ANY_IMAGE,
  },
  'actions/setup-python': {
    image: 'python',
    key: 'python-version',
    standard: '3',
    words: {},
    needless: ANY_IMAGE,
  },
  'actions/setup-go': {
    image: 'golang',
    key: 'go-version',
    standard: '1',
    words: { stable: '1' },
    needless: ANY_IMAGE,
  },
  'actions/setup-java': {
    image: 'eclipse-temurin',
    key: 'java-version',
    standard: '21',
    words: {},
    needless: { ...ANY_IMAGE, 'java-package': /^jdk$/ },
    // A whole version has the number of its build behind it.
    tag: (version) => version.replace(/^1\.8\b/, '8').replace(/\..*$/, ''),
  },
  'actions/setup-dotnet': {
    image: 'mcr.microsoft.com/dotnet/sdk',
    key: 'dotnet-version',
    standard: '8.0',
    words: {},
    needless: {},
    tag: (version) => (/^\d+$/.test(version) ? `${version}.0` : version),
  },
  'ruby/setup-ruby': {
    image: 'ruby',
    key: 'ruby-version',
    standard: '3',
    words: {},
    needless: { 'bundler-cache': /^false$/ },
  },
  'shivammathur/setup-php': {
    image: 'php',
    key: 'php-version',
    standard: '8',
    words: { latest: '8' },
    needless: { coverage: /^none$/ },
  },
  'oven-sh/setup-bun': {
    image: 'oven/bun',
    key: 'bun-version',
    standard: '1',
    words: { latest: 'latest' },
    needless: {},
  },
  'denoland/setup-deno': {
    image: 'denoland/deno',
    key: 'deno-version',
    standard: 'latest',
    words: {},
    needless: {},
    tag: (version) => (/^\d+\.\d+\.\d+$/.test(version) ? version : null),
  },
  'dtolnay/rust-toolchain': RUST,
  'actions-rs/toolchain': RUST,
};

/**
 * Distributions of Java, with the images of their makers. What forms of tags there are, of these and of {@link TOOLS}, is as
 * public lists say (github.com/docker-library/official-images, `library/`; README.sdk.md of dotnet/dotnet-docker; ci.yml of
 * denoland/deno_docker), and for azul, bellsoft, openjdk of Microsoft, bun and the nightly Rust as public Dockerfiles do. No registry was
 * asked: a version that was never made fails the step, whose image lint cannot know.
 */
const JAVA: Readonly<Record<string, (version: string) => string>> = {
  temurin: (version) => `eclipse-temurin:${version}`,
  adopt: (version) => `eclipse-temurin:${version}`,
  'adopt-hotspot': (version) => `eclipse-temurin:${version}`,
  zulu: (version) => `azul/zulu-openjdk:${version}`,
  corretto: (version) => `amazoncorretto:${version}`,
  microsoft: (version) => `mcr.microsoft.com/openjdk/jdk:${version}-ubuntu`,
  liberica: (version) => `bellsoft/liberica-openjdk-debian:${version}`,
  sapmachine: (version) => `sapmachine:${version}`,
};

/**
 * Reads a step that sets a tool up; null for any other action.
 * @param ref Of the action, such as `v4`.
 * @param read Keys of `with` that were read elsewhere.
 * @param commands What the job runs.
 */
export function readTool(
  { name, ref, uses, values }: ToolStep,
  word: (written: string, at: Foreign) => string,
  read: readonly string[],
  commands: string,
): Tool | null {
  const known = own(TOOLS, name);
  if (known === undefined) return null;
  const given = values?.kind === 'map' ? values : null;
  const version = given?.get(known.key);
  const written = word(version?.text() ?? ofRef(name, ref), version ?? uses);
  const nightly = known === RUST && /^nightly\b/.test(written) ? 'rustlang/rust:nightly' : null;
  const asked = nightly === null ? tagOf(known, written) : written.replace(/^nightly$/, '');
  const tag = asked === null ? null : inForm(known, asked);
  if (known.key === 'java-version' && asked !== null && tag !== null && tag !== asked)
    (version ?? uses).changes(
      `an image is of the newest of Java ${tag}`,
      'Write the tag of the image that is wanted.',
    );
  if (tag === null || (nightly !== null && tag !== ''))
    (version ?? uses).changes(
      `an image has an exact version, and \`${nightly ?? known.standard}\` is taken`,
      'Write the tag of the image that is wanted.',
    );
  const prepare = known === RUST ? rustup(given, written, mayCallRust(commands)) : [];
  const image = name === 'actions/setup-java' ? javaImage(given, tag ?? known.standard, commands) : null;
  for (const one of given?.entries() ?? []) readOther(one, known, [...read, ...READ], version !== undefined);
  return {
    image: image ?? nightly ?? `${known.image}:${tag ?? known.standard}`,
    from: version ?? uses,
    prepare,
  };
}

interface ToolStep {
  readonly name: string;
  readonly ref: string;
  readonly uses: Foreign;
  readonly values: Foreign | undefined;
}

/** What {@link rustup} and {@link javaImage} read. */
const READ: readonly string[] = ['components', 'component', 'targets', 'target', 'distribution'];

/** dtolnay/rust-toolchain has the toolchain as the name of its version. */
function ofRef(name: string, ref: string): string {
  return name === 'dtolnay/rust-toolchain' && !/^(?:master|v\d|[0-9a-f]{40})/.test(ref) ? ref : '';
}

/** The tag of the image that is a version, or a range of which the newest is that tag; null where there is none. */
function tagOf(known: Known, written: string): string | null {
  if (written === '') return known.standard;
  const word = own(known.words, written.toLowerCase());
  if (word !== undefined) return word;
  const [, codename] = /^lts\/([a-z]+)$/i.exec(written) ?? [];
  if (codename !== undefined && known.image === 'node') return codename.toLowerCase();
  const [, sign, exact = ''] = /^([v^~]?)((?:\d+(?:\.\d+)*)(?:\.[xX*])?|\$\{\w+\})$/.exec(written) ?? [];
  const parts = exact.replace(/\.[xX*]$/, '').split('.');
  if (sign === undefined || (sign !== '' && exact.startsWith('$'))) return null;
  if (sign === '^' && parts[0] !== '0') return parts[0] ?? null;
  if (sign === '~') return parts.slice(0, 2).join('.');
  return sign === '^' ? null : parts.join('.');
}

/** Words, and what a matrix has, are tags as they are. */
function inForm({ tag }: Known, version: string): string | null {
  return tag === undefined || !/^\d+(?:\.\d+)*$/.test(version) ? version : tag(version);
}

const OF_RUST = 'cargo|cargo-[\\w-]+|rustc|rustdoc|rustfmt|rustup|clippy-driver';
/** What may call a tool of Rust unseen. */
const CALLERS = '(?:ba|da|z)?sh|make|just|task|cross|maturin|wasm-pack|npm|npx|yarn|pnpm|python3?';
const CALLS_RUST: readonly RegExp[] = [
  new RegExp(`(?:^|[\\s;&|(\`"'/])(?:${OF_RUST}|${CALLERS})(?=[\\s;&|)\`"']|$)`, 'm'),
  // A file of the checkout.
  /(?:^|[\s;&|(`"'])\.{1,2}\/|\.(?:sh|py)\b/m,
  // A command that is in a variable.
  /(?:^|[;&|(])\s*["']?\$/m,
];

/** Whether commands call a tool of Rust, or something that may call one unseen. A word such as `cargo.tgz` is none. */
export function mayCallRust(commands: string): boolean {
  return CALLS_RUST.some((pattern) => pattern.test(commands));
}

/** What the image, which has the smallest profile, is to have besides. */
function rustup(values: Foreign | null, toolchain: string, isCalled: boolean): readonly string[] {
  const asked = (keys: readonly string[]) =>
    keys
      .map((key) => values?.get(key))
      .filter((one) => one !== undefined)
      .flatMap((one) => {
        if (!isCalled) {
          one.needs('no step calls a tool of Rust');
          return [];
        }
        const words = (one.text() ?? '').split(/[\s,]+/).filter((word) => word !== '');
        if (words.every((word) => /^[\w.-]+$/.test(word))) return words;
        one.leaveOut('it depends on an expression', 'Write `rustup` in the commands.');
        return [];
      });
  const [components, targets] = [asked(['components', 'component']), asked(['targets', 'target'])];
  return [
    components.length === 0 ? '' : `rustup component add ${components.join(' ')}`,
    targets.length === 0 ? '' : `rustup target add ${targets.join(' ')}`,
  ].filter((one) => one !== '' && toolchain !== 'none');
}

/** The runner has Maven and Gradle; of images only those that are made for them. */
function javaImage(values: Foreign | null, version: string, commands: string): string {
  const distribution = values?.get('distribution');
  const said = distribution?.text() ?? 'temurin';
  const known = own(JAVA, said);
  if (known === undefined)
    distribution?.changes(
      'no public image of it is known, and that of Eclipse Temurin is taken',
      'Write the image that is wanted.',
    );
  const runs = (tool: string) => new RegExp(`(?:^|[\\s;&|(])${tool}(?=\\s|$)`, 'm').test(commands);
  const tool = runs('mvn') ? 'maven' : runs('gradle') ? 'gradle' : null;
  if (tool === null) return (known ?? JAVA['temurin'] ?? String)(version);
  const isKept = known === JAVA['temurin'] || /^(?:temurin|adopt|adopt-hotspot)$/.test(said);
  if (known !== undefined && !isKept)
    distribution?.changes(
      `the image that has ${tool === 'maven' ? 'Maven' : 'Gradle'} too is of Eclipse Temurin`,
      'Write an image that has both.',
    );
  return tool === 'maven' ? `maven:3-eclipse-temurin-${version}` : `gradle:jdk${version}`;
}

function readOther(one: Foreign, known: Known, read: readonly string[], hasVersion: boolean): void {
  if (one.key === known.key || read.includes(one.key)) return;
  if (own(known.needless, one.key)?.test(one.peek()) === true) one.needs('it says what the image is');
  else if (one.key === `${known.key}-file` && hasVersion) one.needs('the version is given beside it');
  else if (one.key === `${known.key}-file`) {
    one.changes(
      `the file is not read, and \`${known.image}:${known.standard}\` is taken`,
      'Write the tag of the image that is wanted.',
    );
    one.use();
  } else
    one.leaveOut('the image has the tool, and nothing else is set up', 'Write it in the commands of a step.');
}
