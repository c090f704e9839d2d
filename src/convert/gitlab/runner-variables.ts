import { SUBMODULES, WHOLE } from '../checkout.ts';
import type { Foreign } from '../foreign.ts';

/** Whether a variable is one that tells GitLab’s runner what to do, which is then noted, or needs nothing here. */
export function isOfRunner(variable: Foreign): boolean {
  const value = (variable.kind === 'map' ? variable.get('value') : variable)?.peek() ?? '';
  const held = NEEDLESS.find(([name, values]) => name.test(variable.key) && values.test(value));
  if (held !== undefined) {
    variable.needs(held[2]);
    return true;
  }
  const left = LEFT_OUT.find(([name]) => name.test(variable.key));
  if (left === undefined) return false;
  variable.leaveOut(left[1], left[2]);
  return true;
}

/** Names and values that come to what holds here anyway (https://docs.gitlab.com/ci/runners/configure_runners/). */
const NEEDLESS: readonly (readonly [RegExp, RegExp, string])[] = [
  [/^GIT_DEPTH$/, /^/, WHOLE],
  [/^GIT_STRATEGY$/, /^(?:clone|fetch)$/, 'the commit is checked out'],
  [/^GIT_CHECKOUT$/, /^true$/, 'the commit is checked out'],
  [/^GIT_SUBMODULE_STRATEGY$/, /^(?:none|)$/, 'submodules are not checked out'],
  [/^GIT_LFS_SKIP_SMUDGE$/, /^(?:1|true)$/, 'files of Git LFS are not fetched'],
  [/^GIT_CLEAN_FLAGS$/, /^/, 'each build has a workspace of its own'],
  [/^(?:\w+_ATTEMPTS)$/, /^\d+$/, 'what breaks off is tried again'],
  [
    /^(?:(?:CACHE|ARTIFACT)_COMPRESSION_LEVEL|CACHE_COMPRESSION_FORMAT|TRANSFER_METER_FREQUENCY|FF_USE_FASTZIP)$/,
    /^/,
    'a worker chooses how it packs files',
  ],
];

const LEFT_OUT: readonly (readonly [RegExp, string, string])[] = [
  [/^GIT_SUBMODULE_/, ...SUBMODULES],
  [/^GIT_LFS_SKIP_SMUDGE$/, 'files of Git LFS are not fetched', 'Write a step with `git lfs pull`.'],
  [
    /^GIT_(?:STRATEGY|CHECKOUT|CLONE_PATH|FETCH_EXTRA_FLAGS)$/,
    'the commit is checked out once, for all steps',
    'Write `skip_clone`, or fetch what is needed in a step.',
  ],
  [/^DOCKER_(?:TLS_CERTDIR|DRIVER|HOST)$/, 'no engine runs in a build', 'Build the image by `image:`.'],
  [/^(?:FF_|CACHE_REQUEST_TIMEOUT$)/, 'it is for GitLab’s runner', 'Remove it.'],
];
