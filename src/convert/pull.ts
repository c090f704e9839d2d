import type { Foreign } from './foreign.ts';
import { isFalse, isTrue } from './names.ts';
import { entry, text } from './out.ts';
import type { OutEntry } from './out.ts';

/** When an image is pulled, in the words of Woodpecker, Drone and GitLab; of several policies of GitLab the first. */
export function pullEntry(pull: Foreign | undefined): OutEntry | null {
  const [first, ...more] = pull?.oneOrMore() ?? [];
  if (pull === undefined || first === undefined) return null;
  if (more.length > 0) {
    pull.changes('the first of its policies counts, and none after that has failed', 'Write one.');
    for (const one of more) one.use();
  }
  const policy = first.peek().toLowerCase();
  if (isTrue(first) || policy === 'always') {
    first.use();
    return entry('pull', text('true', pull), pull);
  }
  if (isFalse(first) || MISSING.has(policy)) first.needs('an image that is missing is pulled');
  else first.leaveOut('an image that is missing is pulled', 'Remove it.');
  return null;
}

const MISSING: ReadonlySet<string> = new Set(['if-not-exists', 'if-not-present', 'ifnotpresent', 'default']);
