import { expect, it } from 'vitest';
import { unreachable } from '../../../src/git/remote.ts';
import type { GitResult } from '../../../src/git/run-git.ts';

const remote = { url: 'ssh://git@git.example.com/shop/web.git', credentials: null };
const RIGHTS =
  'fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n';
const messageOf = (stderr: string): string =>
  unreachable(remote, { ended: 'exit', exitCode: 128, stderr } as unknown as GitResult).message;

it.each([
  [
    'ssh: connect to host git.example.com port 22: Connection refused\r\n',
    'ssh: connect to host git.example.com port 22: Connection refused',
  ],
  [
    'Warning: Permanently added it.\ngit@git.example.com: Permission denied (publickey).\n',
    'git@git.example.com: Permission denied (publickey)',
  ],
  ['Host key verification failed.\n', 'Host key verification failed'],
  ['', 'Could not read from remote repository'],
])('says what ssh said: %j', (said, cause) => {
  expect(messageOf(said + RIGHTS)).toBe(`The repository ${remote.url} cannot be read: ${cause}.`);
});

it("says git's own last line of any other, without a second full stop", () => {
  const stderr = "remote: Not here.\nfatal: repository 'http://a/b.git/' not found\n";
  expect(messageOf(stderr)).toBe(
    `The repository ${remote.url} cannot be read: repository 'http://a/b.git/' not found.`,
  );
});
