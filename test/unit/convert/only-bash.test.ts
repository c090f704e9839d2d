import { expect, it } from 'vitest';
import { textOf } from './support.ts';

const stepOf = (run: string, rest = ''): string =>
  textOf(
    'github',
    `on: push\njobs: { a: { runs-on: ubuntu-latest, ${rest}steps: [{ run: ${JSON.stringify(run)} }] } }\n`,
  );

it.each([
  'if [[ $a == b* ]]; then x; fi',
  '[ "$a" == b ] && x',
  '((a++))',
  'diff <(a) <(b)',
  'a | tee >(b)',
  'cat <<< "$a"',
  'a &> log',
  'a |& b',
  'all=(a b)',
  'all+=(c)',
  'echo "${all[@]}"',
  'echo ${!name}',
  'echo ${a//b/c}',
  'echo ${a^^}',
  'echo ${GITHUB_SHA:0:7}',
  "IFS=$'\\n'",
  'for i in {1..3}; do x; done',
  'mkdir -p {a,b}/c',
  'set -euo pipefail',
  'source venv/bin/activate',
  'if x; then source a; fi',
  'declare -A map',
  'function build {\n  x\n}',
  'echo -e "a\\tb"',
  'read -p x a',
  'echo $RANDOM',
  'echo "tag=${GITHUB_SHA::7}"',
  'a[0]=b',
  'exec 3<>/dev/tcp/db/5432',
  'export -f build',
  'x & disown',
  'printf %q "$a"',
  'printf -v a %s b',
  'test "$a" == b',
  'trap x DEBUG',
])('a script without a `shell` that only bash knows is run by `bash -e`, as there: %s', (run) => {
  expect(stepOf(run)).toContain("bash -e /dev/fd/3 3<<'END_OF_SCRIPT'\n");
});

it.each([
  'npm ci && npm test',
  '[ "$a" = b ] || exit 1',
  'echo "$((1 + 2))" ${a:-b} ${a%.*} ${#a} ${a:+c} 2>&1 >&2',
  'tr "[[:upper:]]" x < a > b',
  "grep 'a$' b",
  'cat <<EOF\na\nEOF',
  'npm run source && open source-map',
  'build() { x; }; . ./env',
  'jq "{a: .b}" c',
  'echo ${a:-b} ${a:+b}',
  'printf "%s\n" a > /dev/null',
  'test "$a" = b && printf %s c',
  'export FOO=bar',
])('a script that every shell knows stays as it is: %s', (run) => {
  expect(stepOf(run)).not.toContain('bash');
});

it('an image without bash has `sh -e` there, too', () => {
  expect(stepOf('[[ a = a ]]', 'container: "alpine:3.20", ')).not.toContain('bash');
  expect(stepOf('[[ a = a ]]', 'container: "debian:12", ')).toContain('bash -e');
});

it('a `shell` that is asked for counts', () => {
  const text = textOf(
    'github',
    'on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ shell: sh, run: "[[ a = a ]]" }] } }\n',
  );
  expect(text).not.toContain('bash');
});
