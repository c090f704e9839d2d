import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const job = (step: string, run = 'x') =>
  `on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - ${step}\n      - run: ${run}\n`;
const imageOf = (text: string) => /image: (?!none)(.*)/.exec(textOf('github', text))?.[1];

it.each([
  ['actions/setup-node@v4\n        with: { node-version: lts/* }', 'node:lts'],
  ['actions/setup-node@v4\n        with: { node-version: lts/Iron }', 'node:iron'],
  ['actions/setup-node@v4\n        with: { node-version: ^20.1 }', 'node:20'],
  ['actions/setup-go@v5\n        with: { go-version: stable, check-latest: false }', 'golang:1'],
  ['actions/setup-go@v5\n        with: { go-version: ~1.22.3 }', 'golang:1.22'],
  ['actions/setup-java@v4\n        with: { java-version: 17, distribution: zulu }', 'azul/zulu-openjdk:17'],
  ['actions/setup-java@v4\n        with: { java-version: 17, distribution: temurin }', 'eclipse-temurin:17'],
  ['actions/setup-dotnet@v4\n        with: { dotnet-version: 8.0.x }', 'mcr.microsoft.com/dotnet/sdk:8.0'],
  ['actions/setup-dotnet@v4\n        with: { dotnet-version: 9.x }', 'mcr.microsoft.com/dotnet/sdk:9.0'],
  [
    'actions/setup-dotnet@v4\n        with: { dotnet-version: 8.0.412 }',
    'mcr.microsoft.com/dotnet/sdk:8.0.412',
  ],
  ['denoland/setup-deno@v2\n        with: { deno-version: v2.1.4 }', 'denoland/deno:2.1.4'],
  ['denoland/setup-deno@v2', 'denoland/deno:latest'],
  ['actions/setup-java@v4\n        with: { java-version: 8 }', 'eclipse-temurin:8'],
  ['oven-sh/setup-bun@v2\n        with: { bun-version: latest }', 'oven/bun:latest'],
  ['dtolnay/rust-toolchain@stable', 'rust:1'],
  ['dtolnay/rust-toolchain@1.80.1', 'rust:1.80.1'],
  ['dtolnay/rust-toolchain@nightly', 'rustlang/rust:nightly'],
  ['actions-rs/toolchain@v1\n        with: { toolchain: stable, profile: minimal }', 'rust:1'],
])('%s is %s, and nothing is noted', (uses, image) => {
  expect(notesOf('github', job(`uses: ${uses}`))).toEqual([]);
  expect(imageOf(job(`uses: ${uses}`))).toBe(image);
});

it('a job that calls Maven or Gradle gets an image that has it', () => {
  const java = 'uses: actions/setup-java@v4\n        with: { java-version: 17, distribution: temurin }';
  expect(imageOf(job(java, 'mvn -B verify'))).toBe('maven:3-eclipse-temurin-17');
  expect(imageOf(job(java, 'gradle build'))).toBe('gradle:jdk17');
  expect(imageOf(job(java, './mvnw verify'))).toBe('eclipse-temurin:17');
  expect(notesOf('github', job(java.replace('temurin', 'corretto'), 'mvn verify'))).toEqual([
    '7 convert_changed: `jobs.one.steps[0].with.distribution` is not quite the same here: the image that has Maven too is of Eclipse Temurin.',
  ]);
});

it('components and targets of Rust are added where each step begins', () => {
  const text = job(
    'uses: dtolnay/rust-toolchain@stable\n        with: { components: "rustfmt, clippy", targets: wasm32-wasip1 }',
    'cargo clippy',
  );
  expect(notesOf('github', text)).toEqual([]);
  expect(errorsOf('github', text)).toEqual([]);
  expect(textOf('github', text)).toContain(
    '    commands:\n      - rustup component add rustfmt clippy\n      - rustup target add wasm32-wasip1\n      - cargo clippy\n',
  );
});

it('a file that names the version, and a word that is no tag, are noted with what is taken', () => {
  const notes = (uses: string) => notesOf('github', job(`uses: ${uses}`)).map((one) => one.slice(2));
  expect(notes('actions/setup-go@v5\n        with: { go-version-file: go.mod }')).toEqual([
    'convert_changed: `jobs.one.steps[0].with.go-version-file` is not quite the same here: the file is not read, and `golang:1` is taken.',
  ]);
  expect(notes('actions/setup-python@v5\n        with: { python-version: ">=3.9" }')).toEqual([
    'convert_changed: `jobs.one.steps[0].with.python-version` is not quite the same here: an image has an exact version, and `3` is taken.',
  ]);
});

it('components and targets of Rust are added only in steps that may call it', () => {
  const uses = 'uses: dtolnay/rust-toolchain@stable\n        with: { components: clippy }';
  const more = (run: string) => `${job(uses, 'cargo build')}      - run: ${run}\n`;
  const isAdded = (run: string) =>
    textOf('github', more(run)).split('rustup component add clippy').length === 3;
  for (const run of [
    'cd a && cargo clippy',
    'RUSTFLAGS=x cargo test',
    'rustc a.rs',
    'make',
    './ci.sh',
    'bash x',
    '$TOOL a',
    '${{ matrix.tool }} a',
  ])
    expect(isAdded(run), run).toBe(true);
  for (const run of ['echo done', 'tar czf cargo.tgz target', 'ls rustc.txt'])
    expect(isAdded(run), run).toBe(false);
  expect(notesOf('github', more('echo done'))).toEqual([]);
  expect(textOf('github', job(uses, 'echo done'))).not.toContain('rustup');
});

it('a version that an image has no tag for is the newest of its kind, and noted', () => {
  const java = (version: string, distribution: string) =>
    job(
      `uses: actions/setup-java@v4\n        with: { java-version: '${version}', distribution: ${distribution} }`,
    );
  for (const [version, distribution, image] of [
    ['17.0.11', 'temurin', 'eclipse-temurin:17'],
    ['21.0', 'microsoft', 'mcr.microsoft.com/openjdk/jdk:21-ubuntu'],
    ['1.8', 'corretto', 'amazoncorretto:8'],
  ] as const) {
    expect(imageOf(java(version, distribution))).toBe(image);
    expect(notesOf('github', java(version, distribution))).toEqual([
      expect.stringContaining('an image is of the newest of Java'),
    ]);
  }
  const deno = job('uses: denoland/setup-deno@v2\n        with: { deno-version: v2.x }');
  expect(imageOf(deno)).toBe('denoland/deno:latest');
  expect(notesOf('github', deno)).toEqual([expect.stringContaining('and `latest` is taken')]);
});
