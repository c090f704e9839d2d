import type { Foreign } from '../foreign.ts';
import { entry, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { WORKSPACE } from '../workspace.ts';
import { FORMS, OTHER_VALUES, RENAMED } from './predefined.ts';

const REFERENCE = /\$\$|\$\{([A-Za-z_]\w*)([^{}]*)\}|\$([A-Za-z_]\w*)/g;

/** Of the shell, or set by everything that starts a process. */
const OF_THE_SHELL =
  /^(?:HOME|PATH|PWD|USER|SHELL|HOSTNAME|TERM|LANG|OLDPWD|IFS|RANDOM|UID|PS\d|EUID|TMPDIR|SECONDS|BASH\w*|LC_\w+)$/;

/** Where a command begins; before its name stand variables that are set for it, or alone. */
const COMMAND_BEGIN = /(?:^|[;&|({`!]|\b(?:then|do|else|elif|if|while|until)\b)[ \t]*/gm;
const DECLARATION = /^(?:export|local|readonly|declare|typeset)[ \t]+(?:-\w+[ \t]+)*/;
const ASSIGNMENT = /^([A-Za-z_]\w*)(\+?=(?:"[^"]*"|'[^']*'|[^\s;&|"'])*)?(?=[\s;&|)]|$)[ \t]*/;

/** Names that commands set by themselves. */
function assignedIn(commands: string): ReadonlySet<string> {
  const found = new Set(
    [...commands.matchAll(/\bfor\s+(\w+)|\bread\s+(?:-\w+\s+)*(\w+)/g)].flatMap(([, ...names]) =>
      names.filter((one) => typeof one === 'string'),
    ),
  );
  for (const begin of commands.matchAll(COMMAND_BEGIN)) {
    let rest = commands.slice(begin.index + begin[0].length, begin.index + begin[0].length + 2_000);
    const isDeclared = DECLARATION.test(rest);
    rest = rest.replace(DECLARATION, '');
    for (let one = ASSIGNMENT.exec(rest); one !== null; one = ASSIGNMENT.exec(rest)) {
      if (one[2] === undefined && !isDeclared) break;
      found.add(one[1] ?? '');
      rest = rest.slice(one[0].length);
    }
  }
  return found;
}

/** Whether a variable stands in its own value, also through others. */
export function takesItself(name: string, defined: ReadonlyMap<string, string>): boolean {
  const seen = new Set<string>();
  const reaches = (one: string): boolean =>
    [...(defined.get(one) ?? '').matchAll(REFERENCE)].some(([, braced, , bare]) => {
      const next = braced ?? bare ?? '';
      if (next === name) return true;
      if (next === '' || seen.has(next)) return false;
      seen.add(next);
      return reaches(next);
    });
  return reaches(name);
}

/** With variables that the file sets in their places; what is left stays as it is. */
export function withDefined(text: string, defined: ReadonlyMap<string, string>): string {
  return text.replace(
    REFERENCE,
    (whole: string, braced?: string, _operator?: string, bare?: string) =>
      defined.get(braced ?? bare ?? '') ?? whole,
  );
}

/** A pattern of files, with variables that the file sets in their places; another one is noted, as it would stand for itself. */
export function patternText(pattern: Foreign, defined: ReadonlyMap<string, string>): string {
  const written = withDefined(pattern.text() ?? '', defined);
  // One of a matrix is replaced here, too.
  const left = written.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
    defined.get(name) === whole ? '' : whole,
  );
  if (/\$(?:\{|[A-Za-z_])/.test(left))
    pattern.changes('a variable of it has no value here, and stands for itself', 'Write the path out.');
  return written;
}

/** The texts of one job. */
export interface JobText {
  command(text: string, at: Foreign): string;
  value(text: string, at: Foreign): string;
  /** A value that tells things apart: what it is there does not matter. */
  key(text: string, at: Foreign): string;
  /** With the variables of the file written out; what is left is noted. */
  word(text: string, at: Foreign): string;
  /** With the variables of the file written out; what is left stays as it is. */
  path(text: string): string;
  environment(): readonly OutEntry[];
}

/**
 * @param defined Variables that the job has, by name, as the file writes them.
 * @param told Names of variables that a note was given for, in the whole file.
 */
export function jobText(defined: ReadonlyMap<string, string>, commands: string, told: Set<string>): JobText {
  const needed = new Map<string, string>();
  const assigned = assignedIn(commands);

  const missing = (name: string, at: Foreign) => {
    if (told.has(name)) return;
    told.add(name);
    if (/^(?:CI|GITLAB|FF|RUNNER)_/.test(name))
      at.changes(
        `\`${name}\` of GitLab has no counterpart and is not set`,
        'Write what it stands for; docs/pipeline.md lists the variables that are there.',
      );
    else
      at.changes(
        `\`${name}\` is set nowhere in the file`,
        `Where it is a variable of the GitLab project, make it a secret here and write \`environment: { ${name}: { from_secret: … } }\`.`,
      );
  };

  const noteOther = (name: string, at: Foreign): void => {
    const other = own(OTHER_VALUES, name);
    if (other === undefined || told.has(name)) return;
    told.add(name);
    at.changes(`\`${name}\`: ${other.how}`, other.fix);
  };

  const noteValueOfCi = (at: Foreign) => {
    const asked = at.peek().replace(/-[nz][ \t]+"?\$\{?CI\b\}?"?/g, '');
    if (told.has('CI') || !/\$\{?CI\b/.test(asked)) return;
    told.add('CI');
    at.changes('`CI` is `slipway` here, and not `true`', 'Ask whether it is set: `[ -n "$CI" ]`.');
  };

  return {
    command: (text, at) =>
      text.replace(REFERENCE, (whole: string, braced?: string, operator?: string, bare?: string) => {
        const name = braced ?? bare;
        if (name === undefined) return whole;
        if (defined.has(name) || assigned.has(name) || OF_THE_SHELL.test(name)) return whole;
        noteOther(name, at);
        if (name === 'CI') noteValueOfCi(at);
        const form = own(FORMS, name);
        if (form !== undefined) needed.set(form[0], form[1]);
        const ours = form?.[0] ?? own(RENAMED, name);
        if (ours === undefined) {
          if (/^[A-Z][A-Z0-9_]{2,}$/.test(name) && !/^:?[-=+?]/.test(operator ?? '')) missing(name, at);
          return whole;
        }
        return bare === undefined ? `\${${ours}${operator ?? ''}}` : `$${ours}`;
      }),
    value: (text, at) => expand(text, at, 0, 'value'),
    key: (text, at) => expand(text, at, 0, 'key'),
    word: (text, at) => expand(text, at, 0, 'word'),
    path: (text) => withDefined(text, defined),
    environment: () => [...needed].map(([name, value]) => entry(name, text(value))),
  };

  /** GitLab replaces variables in values, also by others of the file. */
  function expand(value: string, at: Foreign, depth: number, as: 'value' | 'key' | 'word'): string {
    const isValue = as !== 'word';
    return value.replace(REFERENCE, (whole: string, braced?: string, operator?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return isValue ? '$$' : '$';
      if (name.startsWith('CI_INPUT_') && depth > 0 && isValue) return whole;
      const written = defined.get(name);
      const isLoop = written !== `\${${name}}` && takesItself(name, defined);
      if (isLoop) {
        at.changes(`\`${name}\` takes itself, and is empty here`, 'Write it out.');
        return isValue ? '' : whole;
      }
      if (written !== undefined && depth < 8) {
        at.spend(written.length);
        return expand(written, at, depth + 1, as);
      }
      const [ours, form] = [own(RENAMED, name), own(FORMS, name)];
      if (as === 'value') noteOther(name, at);
      if (isValue && ours === 'CI_WORKSPACE') return WORKSPACE;
      if (isValue && form !== undefined) return form[1];
      if (isValue && ours !== undefined && !/^CI_(?:STEP_\w+|FORGE_URL)$/.test(ours))
        return `\${${ours}${operator ?? ''}}`;
      at.changes(
        isValue
          ? `\`${whole}\` has no value when the build is planned`
          : 'no name and no image depends on an event here',
        isValue ? 'Set it in the commands.' : 'Write it out.',
      );
      return isValue ? '' : whole;
    });
  }
}
