import { ANY_SCALAR, matching } from './matching.ts';
import type { Format } from '../shape/scalar.ts';

/** Text of any kind, numbers and truth values as they are written. */
export const anyText: Format<string> = {
  phrase: 'text',
  blank: '',
  parse: (text) => text,
  json: { type: ANY_SCALAR },
};

/** A command of a shell: anything but nothing. */
export const command: Format<string> = matching('a command', /\S/, 'Write the command, or remove the line.');

/** What a variable of a matrix stands for: one line. */
export const matrixValue = matching('a value of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** What an input may hold, and what is said of it: one line. */
export const inputText = matching('a text of one line (at most 1,024 characters)', /^[^\p{Cc}]{0,1024}$/u);

/** One of the values of a choice. */
export const inputOption = matching('a value of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** Yes or no. */
export const truth: Format<boolean> = {
  phrase: '`true` or `false`',
  blank: false,
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : null),
  json: { type: ['boolean', 'string'], pattern: '^(true|false)$' },
};

/** A pattern over branches, tags, refs or paths; see `core/glob.ts`. */
export const globPattern: Format<string> = {
  phrase: 'a pattern such as `main` or `release/*`',
  blank: '',
  parse: (text) => (text.length > 0 && text.length <= 256 ? text : null),
  json: { type: ANY_SCALAR, minLength: 1, maxLength: 256 },
};
