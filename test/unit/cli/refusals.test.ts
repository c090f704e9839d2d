import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { nodeEnvironment } from '../../support/node-environment.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');

/** What a command says to a server that is not there. */
function said(env: Record<string, string>, ...args: readonly string[]) {
  const own = { SLIPWAY_URL: 'http://127.0.0.1:9', SLIPWAY_TOKEN: 'slwa_secret', ...env };
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...(args.length > 0 ? args : ['builds'])], {
    env: { ...nodeEnvironment(), ...own },
    encoding: 'utf8',
  });
  return { status, stderr };
}

it.each(['slwa_sec\nret', 'slwa_sec ret', 'slwa_sec\u20acret'])(
  'a token with a character that none has is refused, and not shown: %j',
  (token) => {
    const { status, stderr } = said({ SLIPWAY_TOKEN: token });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^slipway: The token has a character that no token has.*\n {2}Copy it anew into SLIPWAY_TOKEN/,
    );
    expect(stderr).not.toContain('slwa_');
  },
);

it('a token in a file that ends with a line is taken', () => {
  expect(said({ SLIPWAY_TOKEN: 'slwa_secret\n' }).stderr).toContain('does not answer');
});

it('authorities that cannot be read are told by the catalogue', () => {
  for (const file of ['/nowhere/ca.pem', tmpdir()]) {
    const { status, stderr } = said({ SLIPWAY_CA_BUNDLE: file });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^slipway: The certificate authorities in \S+ cannot be used: \S+: .*\n {2}Name a file/,
    );
    expect(stderr.split('\n')).toHaveLength(3);
  }
});
