import type { Foreign } from './foreign.ts';
import { isFalse, isTrue } from './names.ts';
import { entry } from './out.ts';
import type { OutEntry } from './out.ts';

/** `skip_clone` of ours, where a file says that the commit is not checked out. */
export function skipEntry(skip: Foreign | undefined): OutEntry | null {
  if (skip === undefined) return null;
  if (isTrue(skip)) {
    skip.use();
    return entry('skip_clone', 'true', skip);
  }
  if (isFalse(skip)) skip.needs('the commit is checked out');
  else skip.leaveOut('it is `true` or `false`', 'Write one of them.');
  return null;
}

/**
 * A setting of a checkout, by any of its spellings: those that come to what ours does anyway need nothing, all others are
 * left out. Ours has the whole history and all tags, no submodules and no files of Git LFS.
 */
export function readCheckoutSetting(setting: Foreign): void {
  const name = setting.key.replaceAll('_', '-').toLowerCase();
  const value = setting.peek();
  const held = Object.hasOwn(HELD, name) ? HELD[name]?.(value) : undefined;
  if (held !== undefined) return setting.needs(held);
  const [why, fix] = (Object.hasOwn(LEFT_OUT, name) ? LEFT_OUT[name] : undefined) ?? OWN_CHECKOUT;
  setting.leaveOut(why, fix);
}

export const OWN_CHECKOUT = [
  'Slipway checks the commit out by itself',
  'Fetch what else is needed in a step, or have steps of your own in its place as `clone`.',
] as const;

export const WHOLE = 'the whole history and all tags are there';
const TRIED_AGAIN = 'a fetch that breaks off is tried again';
const whenFalse =
  (reason: string) =>
  (value: string): string | undefined =>
    value === 'false' ? reason : undefined;

/** Settings of `plugin-git`, of Drone's `clone` and of `actions/checkout`: the reason why a value holds anyway. */
const HELD: Readonly<Record<string, (value: string) => string | undefined>> = {
  depth: () => WHOLE,
  partial: () => WHOLE,
  tags: () => WHOLE,
  'fetch-target-branch': whenFalse('only the commit and what leads to it are there'),
  lfs: whenFalse('files of Git LFS are not fetched'),
  recursive: whenFalse('submodules are not checked out'),
  'submodule-update-remote': whenFalse('submodules are not checked out'),
  'submodule-partial': () => 'submodules are not checked out',
  'skip-verify': whenFalse('certificates are verified'),
  'use-ssh': whenFalse('the server fetches from the address that the project has'),
  'merge-pull-request': whenFalse('the commit of the pull request is built as it is'),
  attempts: () => TRIED_AGAIN,
  retries: () => TRIED_AGAIN,
  backoff: () => TRIED_AGAIN,
  'fetch-depth': () => WHOLE,
  'fetch-tags': () => WHOLE,
  filter: () => WHOLE,
  clean: () => 'the workspace begins as the commit has it',
  'show-progress': () => 'a fetch is not in the log',
  submodules: whenFalse('submodules are not checked out'),
  'persist-credentials': whenFalse('a step gets no token of the Git host'),
  'object-format': (value) => (value === 'sha1' ? 'commits are named by SHA-1' : undefined),
};

const BY_SERVER = [
  'the server fetches the repository, with the access of the project',
  'Give the project its address and access (`slipway project connect`).',
] as const;
export const SUBMODULES = [
  'submodules are not checked out',
  'Write a step with `git submodule update --init --recursive`.',
] as const;

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  lfs: ['files of Git LFS are not fetched', 'Write a step with `git lfs pull`.'],
  recursive: SUBMODULES,
  submodules: SUBMODULES,
  'submodule-override': SUBMODULES,
  'submodule-overrides': SUBMODULES,
  'submodule-update-remote': SUBMODULES,
  'merge-pull-request': [
    'the commit of the pull request is built as it is',
    'Write a step with `git merge`, after a `git fetch` of the target branch.',
  ],
  'fetch-target-branch': [
    'only the commit and what leads to it are there',
    'Write a step with `git fetch origin` and the branch.',
  ],
  path: ['the commit is checked out into the workspace', 'Copy what is needed elsewhere in a step.'],
  'skip-verify': [
    'certificates are verified',
    'Give the server the certificate of the Git host’s authority (docs/operations.md).',
  ],
  'custom-ssl-path': BY_SERVER,
  'custom-ssl-url': BY_SERVER,
  token: BY_SERVER,
  'persist-credentials': [
    'a step gets no token of the Git host',
    'Make a token there, and write it as a secret.',
  ],
  remote: BY_SERVER,
  'remote-ssh': BY_SERVER,
  'use-ssh': BY_SERVER,
  'ssh-key': BY_SERVER,
  'ssh-key-private': BY_SERVER,
  'ssh-host-key': BY_SERVER,
};
