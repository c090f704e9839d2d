import { PROJECT_PATH } from '../../core/project-path.ts';
import { cleaned, matching, withVariables } from './matching.ts';
import type { Format } from '../shape/scalar.ts';

/** The path of a project of the server. */
export const projectPath = matching('the path of a project, such as `team/shared`', PROJECT_PATH);

/** A path inside the repository. */
export const repositoryPath: Format<string> = cleaned(
  matching('a path inside the repository', /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}\\]{1,1024}$/u),
  (text) => tidyPath(text) || '.',
);

/** A pattern over files of the workspace; see `core/glob.ts`. */
export const filePattern: Format<string> = cleaned(
  matching(
    'a pattern of files such as `reports/**/*.xml`, without `..` and not beginning with `/`',
    /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}]{1,256}$/u,
  ),
  (text) => text.replace(/^(?:\.\/+)+(?=.)/, ''),
);

/**
 * A path of what is cached: not the workspace itself nor its `.git`, which the checkout fills, and nothing that is no file
 * of the container's own.
 */
export const cachePath: Format<string> = cleaned(
  matching(
    'a path such as `node_modules` or `/root/.npm`',
    new RegExp(
      [
        // The length first: what follows takes time by its square.
        '^(?=[^\\p{Cc}\\\\]{1,256}$)',
        '(?!(?:.*/)?[.][.](?:/|$))(?!.*[*][*])(?!~)',
        '(?!/*(?:[.]/+)*[.]?/*$)(?!(?:[.]/+)*[.]git(?:/|$))',
        '(?!/+(?:[.]/+)*(?:proc|sys|dev|[.]slipway)(?:/|$))(?!/+workspace/*(?:$|[.]git(?:/|$)))',
      ].join(''),
      'u',
    ),
    'Write a path from where the commands start, or an absolute one: without `..`, `**` and `~`, and not the whole workspace.',
  ),
  (text) => `${text.startsWith('/') ? '/' : ''}${tidyPath(text)}`,
);

/** The key of a cache, perhaps with variables; how long it may be is known when they are replaced. */
export const cacheKey = matching(
  'a key such as `npm-${CI_COMMIT_BRANCH}` (at most 512 characters)',
  /^(?! )[^\p{Cc}]{1,512}(?<! )$/u,
);

/** A path on the web, e.g. of a health check. */
export const urlPath = matching('a path that begins with `/`', /^\/[\w\-.~!$&'()*+,;=:@%/?]{0,1023}$/);

/** A public host name (RFC 1123), made lower case. */
export const hostName: Format<string> = cleaned(
  matching(
    'a host name such as `www.example.com`, without scheme, port or wildcard',
    /^(?=.{1,253}$)(?!.*-(?:\.|$))(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.(?=.)|$))+$/,
  ),
  (text) => text.toLowerCase(),
);

/** A host name with variables; what comes out of those is checked apart. */
export const hostTemplate = withVariables(hostName);

/** Without empty parts and `.`, and so without a `/` at either end. */
export function tidyPath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
