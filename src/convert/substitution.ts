import { STEP_VARIABLES } from '../core/step-variables.ts';
import { CI_VARIABLES } from '../pipeline/ci-variables.ts';
import type { Foreign } from './foreign.ts';
import type { GoYaml } from './go-value.ts';
import type { OtherValue } from './other-value.ts';
import { entry } from './out.ts';
import type { OutEntry } from './out.ts';
import { own } from './own.ts';
import { noteReplacedFirst } from './replaced-first.ts';
import { noteLiteral, shellLiterals } from './shell-literals.ts';
import { WORKSPACE } from './workspace.ts';

/** What a product that replaces `${…}` in the whole file calls its variables. */
export interface Dialect {
  readonly product: 'Woodpecker' | 'Drone';
  /** What reads its files. */
  readonly yaml: GoYaml;
  /** Its variables that have another name here. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Those whose values may be others here. */
  readonly others: Readonly<Record<string, OtherValue>>;
  /** What its own variables begin with. */
  readonly own: RegExp;
  /** Folder of its checkout, as commands may name it. */
  readonly checkout: RegExp;
}

/** The texts of one step, as they mean the same here. */
export interface StepText {
  /** A command: `$$` is `$`, and `${…}` is left to the shell. */
  command(text: string, at: Foreign): string;
  /** A value of the environment or the settings, where `${…}` is replaced here too. */
  value(text: string, at: Foreign): string;
  /** The same where the other product takes a value of any type; what it makes another one of is noted. */
  typedValue(text: string, at: Foreign): string;
  /** A name or an image, which depends on no event here. */
  word(text: string, at: Foreign): string;
  /** Variables that the commands need in the environment of the step. */
  environment(): readonly OutEntry[];
  /** All variables of the product, for a program that reads them by itself. */
  addAll(): void;
}

const FORM = /\$\$(\{#?)?([A-Za-z_]\w*)?|\$\{(#?)([A-Za-z_]\w*)((?:[^{}]|\$\{[^{}]*\})*)\}|\$([A-Za-z_]\w*)/g;

/** A place of a text where something may be replaced. */
interface Form {
  readonly whole: string;
  readonly length: string;
  readonly name: string;
  readonly operator: string;
  /** Of `$NAME` without braces, the name. */
  readonly bare: string;
  /** Of `$$`, the brace that follows, and the name that the shell reads then. */
  readonly escaped: { readonly brace: string; readonly name: string } | null;
  readonly at: number;
}

function replaceForms(text: string, by: (form: Form) => string): string {
  let result = '';
  let end = 0;
  for (const found of text.matchAll(FORM)) {
    const [whole, brace = '', escapedName = '', length = '', name = '', written = '', bare = ''] = found;
    const escaped = whole.startsWith('$$') ? { brace, name: escapedName } : null;
    // There all of these are what is taken where the variable is empty.
    const operator = written.replace(/^(?::[=?+]|=)/, ':-');
    result +=
      text.slice(end, found.index) + by({ whole, length, name, operator, bare, escaped, at: found.index });
    end = found.index + whole.length;
  }
  return result + text.slice(end);
}

/** Forms of the shell's that every `sh` has (POSIX, 2.6.2). */
const OF_EVERY_SHELL = /^(?:|:?[-=?+].*|#.*|%.*)$/s;

/** @param matrix Values of each variable of the matrix. */
export function stepText(dialect: Dialect, matrix: ReadonlyMap<string, readonly string[]>): StepText {
  const needed = new Map<string, string>();

  const isKnown = (name: string) =>
    Object.hasOwn(CI_VARIABLES, name) || Object.hasOwn(STEP_VARIABLES, name) || matrix.has(name);
  const isForValues = (name: string) => own(CI_VARIABLES, name)?.isForValues === true || matrix.has(name);

  const need = (name: string): boolean => {
    const ours = own(dialect.renamed, name);
    if (ours !== undefined && !isKnown(name) && isForValues(ours)) needed.set(name, `\${${ours}}`);
    return ours !== undefined || isKnown(name);
  };

  const lacks = (name: string, at: Foreign) =>
    at.changes(
      `\`${name}\` of ${dialect.product} has no counterpart and is not set`,
      'Write what it stood for; docs/pipeline.md lists the variables that are there.',
    );

  const noteOther = (name: string, at: Foreign): void => {
    const other = own(dialect.others, name);
    if (other !== undefined) at.changes(`\`${name}\`: ${other.how}`, other.fix);
  };

  /** What the commands of a step find it under. */
  const nameInSteps = (name: string): string => {
    const ours = own(dialect.renamed, name);
    return ours === undefined || isKnown(name) || isForValues(ours) ? name : ours;
  };

  /** Of a variable that the shell reads, and nobody before it. */
  const nameForShell = (name: string, at: Foreign): string => {
    if (name === '') return '';
    if (!need(name) && dialect.own.test(name)) lacks(name, at);
    noteOther(name, at);
    return nameInSteps(name);
  };

  /** Of a form within a form. */
  const shellForms = (text: string, at: Foreign): string =>
    replaceForms(text, (form) => (form.name === '' ? form.whole : shellForm(form, at)));

  const valueText = (text: string, at: Foreign): string =>
    replaceForms(text, ({ whole, length, name, operator, bare, escaped }) => {
      if (escaped !== null || bare !== '') return whole;
      noteOther(name, at);
      const ours = own(dialect.renamed, name) ?? name;
      if (ours === 'CI_WORKSPACE' && length === '' && operator === '') return WORKSPACE;
      if (isForValues(ours)) return `\${${length}${ours}${valueText(operator, at)}}`;
      at.changes(
        isKnown(ours)
          ? `\`${ours}\` differs from step to step, and values cannot take it`
          : `\`${whole}\` has no value here`,
        'Have the commands read it from their environment.',
      );
      return /^:?-/.test(operator) ? valueText(operator.replace(/^:?-/, ''), at) : '';
    });

  const shellForm = ({ whole, length, name, operator }: Form, at: Foreign): string => {
    if (dialect.own.test(name) && !need(name)) lacks(name, at);
    else if (!need(name))
      at.changes(
        `${dialect.product} puts ${/^:?-./.test(operator) ? 'its word' : 'nothing'} in the place of \`${whole}\`, and here the shell reads it`,
        'Nothing where the shell has that variable; otherwise remove it.',
      );
    const ours = own(dialect.renamed, name) ?? name;
    if ((length === '' && OF_EVERY_SHELL.test(operator)) || !isForValues(ours))
      return `\${${length}${nameInSteps(name)}${shellForms(operator, at)}}`;
    const value = `\${${length}${ours}${valueText(operator, at)}}`;
    const known = [...needed].find(([, one]) => one === value)?.[0];
    const variable =
      known ??
      `${name.replace(/^(?:CI|DRONE)_/, '')}_${[...needed].filter(([, one]) => /\$\{#?\w+[^\w}]/.test(one)).length + 1}`;
    needed.set(variable, value);
    return `\${${variable}}`;
  };

  return {
    command: (text, at) => {
      const [checkout] = dialect.checkout.exec(text) ?? [];
      if (checkout !== undefined)
        at.changes(
          `the checkout is not at \`${checkout}\``,
          'Write `$CI_WORKSPACE`; commands start in the checkout.',
        );
      const isLiteral = shellLiterals(text);
      return replaceForms(text, (form) => {
        const { bare, escaped } = form;
        if (escaped !== null) return `$${escaped.brace}${nameForShell(escaped.name, at)}`;
        if (bare !== '') return `$${nameForShell(bare, at)}`;
        noteOther(form.name, at);
        if (isLiteral(form.at)) noteLiteral(form.whole, text[form.at - 1], at);
        return shellForm(form, at);
      });
    },
    value: valueText,
    typedValue: (text, at) => {
      noteReplacedFirst(text, at, dialect, matrix);
      return valueText(text, at);
    },
    word: (text, at) =>
      replaceForms(text, ({ whole, name, bare, escaped }) => {
        if (escaped !== null) return whole.slice(1);
        if (bare === '' && !matrix.has(name))
          at.changes(
            'no name and no image depends on an event here',
            'Write it out, or use `matrix` for its values.',
          );
        return whole;
      }),
    environment: () => [...needed].map(([name, value]) => entry(name, value)),
    addAll: () => {
      for (const name of Object.keys(dialect.renamed)) need(name);
    },
  };
}
