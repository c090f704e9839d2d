import { spawnSync } from 'node:child_process';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const job = (rest: string): string =>
  `on: push\njobs:\n  one:\n    container: "node:20"\n${rest.replace(/^/gm, '    ')}\n`;

it('a secret that a command names is no variable of its name that has another value', () => {
  const text = job(`env: { TOKEN: "\${{ secrets.OTHER }}", SAME: "\${{ secrets.SAME }}" }
steps:
  - run: use \${{ secrets.TOKEN }} \${{ secrets.SAME }} \${{ secrets.CI_KEY }} "$TOKEN"`);
  const written = textOf('github', text);
  expect(written).toContain('- use ${TOKEN_2} ${SAME} ${SECRET_CI_KEY} "$TOKEN"');
  expect(written).toContain('TOKEN:\n        from_secret: OTHER\n');
  expect(written).toContain('TOKEN_2:\n        from_secret: TOKEN\n');
  expect(written).toContain('SECRET_CI_KEY:\n        from_secret: CI_KEY\n');
  expect(written.match(/from_secret: SAME/g)).toHaveLength(1);
  expect(errorsOf('github', text)).toEqual([]);
});

it('a secret is named in capitals, as it is kept there, in whatever case a file writes it', () => {
  const text = job(`env: { A: "\${{ secrets.My_Token }}", B: "\${{ secrets.MY_TOKEN }}" }
steps:
  - run: use \${{ secrets.my_token }} \${{ secrets.npm }}`);
  const written = textOf('github', text);
  expect(written.match(/from_secret: .*/g)).toEqual([
    'from_secret: MY_TOKEN',
    'from_secret: MY_TOKEN',
    'from_secret: MY_TOKEN',
    'from_secret: NPM',
  ]);
  expect(written).toContain('- use ${MY_TOKEN} ${NPM}');
  expect(notesOf('github', text)).toEqual([]);
});

it('a value of the matrix that a command names is no variable of its name that has another value', () => {
  const text = job(`strategy: { matrix: { os: [a, b], go: [1, 2] } }
env: { OS: linux, GO: "\${{ matrix.go }}" }
steps: [{ run: 'make \${{ matrix.os }} \${{ matrix.go }} $OS' }]`);
  const written = textOf('github', text);
  expect(written).toContain('- make ${MATRIX_OS} ${GO} $OS');
  expect(written).toContain('OS: linux\n      GO: ${GO}\n      MATRIX_OS: ${OS}\n');
  expect(errorsOf('github', text)).toEqual([]);
});

it('the name of the ref is that of the tag in a build of a tag', () => {
  const text = job(`steps:
  - run: publish "$GITHUB_REF_NAME" "\${GITHUB_REF_NAME#v}" "\${{ github.ref_name }}"
    env: { BRANCH: "\${{ github.head_ref || github.ref_name }}", NAME: "\${{ github.ref_name || 'x' }}" }`);
  const written = textOf('github', text);
  expect(written).toContain('- publish "$GITHUB_REF_NAME" "${GITHUB_REF_NAME#v}" "${GITHUB_REF_NAME}"');
  expect(written).toContain('GITHUB_REF_NAME: ${CI_COMMIT_REF#refs/*/}\n');
  expect(written).toContain('BRANCH: ${CI_COMMIT_SOURCE_BRANCH:-${CI_COMMIT_REF#refs/*/}}\n');
  expect(written).toContain('NAME: ${CI_COMMIT_REF#refs/*/}\n');
  expect(errorsOf('github', text)).toEqual([]);
  expect(notesOf('github', text)).toEqual([]);
});

it('a script of bash is run to its end, whatever its commands read and whatever it writes out', () => {
  const text = job(`steps:
  - shell: bash
    run: |
      cat
      cat <<X
      END_OF_SCRIPT
      X
      [[ 1 == 1 ]] && echo last`);
  const { steps } = parse(textOf('github', text)) as { steps: { commands: string[] }[] };
  const run = spawnSync('sh', ['-e', '-c', steps[0]?.commands.join('\n') ?? ''], { input: 'given\n' });
  expect(run.stdout.toString()).toBe('given\nEND_OF_SCRIPT\nlast\n');
});

it.each([
  ['bash', 0],
  ['bash --noprofile --norc -eo pipefail {0}', 0],
  ['sh -e {0}', 0],
  ['bash -el {0}', 1],
  ['bash -x {0}', 1],
  ['python', 1],
])('the shell %s is noted where it is not the same', (shell, count) => {
  expect(notesOf('github', job(`steps: [{ run: x, shell: "${shell}" }]`))).toHaveLength(count);
});

it('a command that reads the value of `CI` is noted, and one that asks whether it is set is not', () => {
  const text = job(`steps:
  - run: test "$CI" = true
  - run: echo "\${CI}"
  - run: test -n "$CI" && echo $CIRCLE $CI_COMMIT_SHA`);
  expect(notesOf('github', text)).toEqual([
    expect.stringMatching(/^6 .*`CI` is `slipway` here/),
    expect.stringMatching(/^7 .*`CI` is `slipway` here/),
  ]);
});

it('a variable that the file sets nowhere has no value there, and here that of the image', () => {
  const text = job("steps: [{ run: 'use ${{ env.PATH }} ${{ env.OWN }}', env: { OWN: a } }]");
  expect(notesOf('github', text)).toEqual([expect.stringContaining('`env.PATH` is set nowhere')]);
});
