import { ANY_SCALAR, matching } from './matching.ts';
import type { Format } from '../shape/scalar.ts';

const HOST =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?:[.:][0-9a-zA-Z.-]*[0-9a-zA-Z])|localhost)(?::[0-9]{1,5})?';
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';

const PATH = `${COMPONENT}(?:/${COMPONENT})*`;

const DIGEST = 'sha256:[a-f0-9]{64}';

/** An image reference (grammar of distribution's `reference` package): host, path, tag, digest. */
const imageReference = matching(
  'an image such as `node:20`',
  new RegExp(`^(?=.{1,512}$)(?:${HOST}/)?${PATH}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@${DIGEST})?$`),
);

/** Whether a text without variables names an image. */
export function isImageReference(text: string): boolean {
  return imageReference.parse(text) !== null;
}

/** An image reference, perhaps with variables; what comes out of those is checked apart. */
export const imageTemplate: Format<string> = {
  phrase: 'an image such as `node:20` or `node:${NODE}`',
  blank: '',
  parse: (text) =>
    isImageReference(text) || (text.includes('$') && /^[^\p{Cc}\s]{1,512}$/u.test(text)) ? text : null,
  json: { type: ANY_SCALAR, pattern: '^[^ \\t\\r\\n]{1,512}$' },
};

/** A tag, perhaps with variables; what comes out of it is checked apart. */
export const tagTemplate = matching('a tag such as `${CI_COMMIT_SHA}`', /^[^\p{Cc}]{1,512}$/u);

/** A repository: an image reference without tag and digest. */
export const repository = matching(
  'a repository such as `shop/web`, in lower case and without tag',
  new RegExp(`^(?=.{1,255}$)(?:${HOST}/)?${PATH}$`),
);
