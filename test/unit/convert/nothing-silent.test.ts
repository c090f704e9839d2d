import fc from 'fast-check';
import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { FORMATS } from '../../../src/convert/converted.ts';
import type { Format } from '../../../src/convert/converted.ts';
import { findSilent } from '../../experiments/convert/find-silent.ts';
import { PATHS } from './support.ts';

/** A file of each format with many of its keys. */
const FILES: Readonly<Record<Format, string>> = {
  woodpecker: `when: [{ event: [push, tag], branch: { include: [main], exclude: [x/*] }, path: a/** }]
labels: { gpu: "yes" }
depends_on: [other]
runs_on: [success, failure]
matrix: { GO: ["1.21", "1.22"] }
workspace: { base: /go, path: src }
steps:
  - name: one
    image: golang:\${GO}
    pull: true
    commands: [echo one, echo two]
    environment: { A: b, C: { from_secret: c } }
    directory: sub
    failure: ignore
    when: { event: push, status: [failure], repo: a/b, platform: linux/amd64 }
  - name: two
    image: plugins/x:1
    settings: { repo: a/b, tags: [a, b], deep: { key: value } }
    depends_on: [one]
    volumes: [/a:/b]
    backend_options: { docker: { user: me } }
services:
  db: { image: "postgres:15", environment: { P: q }, ports: [1234], entrypoint: [x] }
`,
  drone: `kind: pipeline
type: docker
name: tests
platform: { os: linux, arch: arm64, version: "1" }
node: { disk: ssd }
workspace: { path: /drone }
clone: { depth: 3, disable: false }
trigger: { branch: [main], event: { exclude: [tag] }, status: [failure] }
concurrency: { limit: 1 }
steps:
  - name: one
    image: golang:1.22
    commands: [echo one]
    environment: { A: b }
    volumes: [{ name: cache, path: /go }]
    when: { ref: [refs/heads/x], instance: ci.example.com, target: production }
  - { name: two, image: "plugins/x:1", settings: { key: value }, depends_on: [one], detach: false, user: root }
services:
  - { name: db, image: "postgres:15", command: [a, b] }
volumes: [{ name: cache, host: { path: /var } }]
image_pull_secrets: [login]
`,
  gitlab: `stages: [first, second]
variables: { A: one, GIT_DEPTH: "3" }
default: { image: "node:20", retry: 1 }
workflow: { rules: [{ if: $CI_COMMIT_BRANCH }] }
include: [{ remote: "https://example.com/x.yml" }]
.base: { before_script: [install], tags: [big] }
one:
  extends: .base
  stage: first
  script: [run one]
  after_script: [clean]
  rules:
    - { if: $CI_COMMIT_TAG, changes: [src/**], when: always, allow_failure: true }
    - { if: $CI_COMMIT_BRANCH == "main", exists: [file], variables: { V: w } }
  artifacts: { paths: [dist], expire_in: 1 day, reports: { junit: r.xml, dotenv: e } }
  cache: { key: k, paths: [p] }
  environment: { name: production, url: u }
two:
  stage: second
  needs: [{ job: one, artifacts: true }]
  image: { name: "alpine:3", entrypoint: [x] }
  services: [{ name: "postgres:15", alias: db, command: [x], variables: { P: q } }]
  variables: { B: two }
  timeout: 1h 5m
  only: { refs: [main], changes: [a] }
  script: run two
  coverage: /x/
`,
  github: `name: CI
on:
  push: { branches: [main, "!old"], tags-ignore: [x], paths: [a/**] }
  pull_request: { types: [opened, labeled] }
  schedule: [{ cron: 1 2 3 4 5 }]
env: { A: one }
defaults: { run: { shell: bash, working-directory: sub } }
jobs:
  first:
    runs-on: [self-hosted, gpu]
    timeout-minutes: 20
    container: { image: "node:20", env: { C: d }, volumes: [a] }
    strategy: { fail-fast: false, matrix: { os: [a, b], include: [{ os: c }] } }
    services: { db: { image: "postgres:15", env: { P: q }, ports: [1234], options: --cpus 1 } }
    outputs: { x: y }
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0 }
      - { uses: actions/upload-artifact@v4, with: { name: n, path: p } }
      - { name: Run, id: r, run: run one, env: { B: two }, continue-on-error: true, if: github.ref == 'refs/heads/main' }
  second: { needs: [first], runs-on: ubuntu-latest, if: github.event_name == 'push', steps: [{ uses: actions/download-artifact@v4, with: { name: n, path: p } }, { run: two, shell: python }] }
`,
};

it.each(FORMATS)('no value of a file of %s can be another without a trace', (format) => {
  expect(findSilent(format, PATHS[format], FILES[format], 1_000)).toEqual([]);
});

it.each(FORMATS)('a key that %s does not have is noted wherever it stands', (format) => {
  const text = FILES[format];
  const lines = text.split('\n');
  fc.assert(
    fc.property(fc.nat(lines.length - 2), (index) => {
      const line = lines[index] ?? '';
      const at = line.indexOf('{ ');
      // A map of free names, such as variables, has no unknown key.
      if (at < 0 || /env|variables|settings|matrix|labels|node:|with:|services: \{/.test(line)) return;
      const changed = [
        ...lines.slice(0, index),
        `${line.slice(0, at)}{ zz_unknown: 1, ${line.slice(at + 2)}`,
        ...lines.slice(index + 1),
      ];
      const { notes } = convertFiles([{ path: PATHS[format], content: changed.join('\n') }], format);
      expect(notes.some((note) => note.line <= index + 1 && /zz_unknown|left out/.test(note.message))).toBe(
        true,
      );
    }),
    { numRuns: 60 },
  );
});

it.each(FORMATS)(
  'any text in the place of a part of a file of %s is converted or refused, and never thrown',
  (format) => {
    const text = FILES[format];
    const part = fc.oneof(
      fc.constantFrom('[', '{', ' ', '*a', '&a ', '!x ', '<<: ', '\n', '- ', ': ', '~', '"', "'", '$', '${'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), part, (at, length, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + length);
        expect(convertFiles([{ path: PATHS[format], content: changed }], format).notes).toBeInstanceOf(Array);
      }),
      { numRuns: 150 },
    );
  },
);
