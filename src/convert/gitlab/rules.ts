import { noteSchedule } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry, OutMap } from '../out.ts';
import { byHandEntry, noteByHand, noteChanges } from './by-hand.ts';
import type { ByHand } from './by-hand.ts';
import { translate } from './expression.ts';
import { pathEntry } from './path-entry.ts';

/** When a job runs; `never` when it cannot here. */
export interface JobWhen {
  readonly when: OutEntry | null;
  readonly isNever: boolean;
  readonly isFailureAllowed: boolean;
  /** Where it waits for a person. */
  readonly byHand: readonly ByHand[];
}

type Defined = ReadonlyMap<string, string>;

/** What the job itself says, which holds where a rule says nothing else. */
export interface OfJob {
  /** `when`. */
  readonly word: string;
  readonly status: Out | null;
  readonly isFailureAllowed: boolean;
}

/** `rules` of a job: the first that matches counts. */
export function readRules(rules: Foreign, defined: Defined, ofJob: OfJob, referenced: Referenced): JobWhen {
  return readEach(rules, defined, { ofJob, referenced });
}

/** Those of `workflow`, whose `always` says that there is a pipeline. */
export function readWorkflowRules(rules: Foreign, defined: Defined, referenced: Referenced): JobWhen {
  return readEach(rules, defined, { ofJob: null, referenced });
}

/** What a `!reference` stands for; undefined where that is not in the files that were read. */
export type Referenced = (reference: Foreign) => Foreign | undefined;

/** Lists in lists, and references, that are written out. */
const DEEPEST = 10;

/** Rules, those of lists in them and of `!reference`s written out, as GitLab does. */
function rulesOf(rules: Foreign, referenced: Referenced, depth = 0): readonly Foreign[] {
  if (rules.kind !== 'list') return [rules];
  rules.spend(depth <= DEEPEST ? 0 : Infinity);
  if (rules.tag !== '!reference') return rules.items().flatMap((one) => rulesOf(one, referenced, depth + 1));
  const target = referenced(rules);
  if (target !== undefined) return rulesOf(target, referenced, depth + 1);
  rules.leaveOut('it is not in the files that were read', 'Write the rules out.');
  return [];
}

/** What holds for all rules of a list. */
interface RuleRoom {
  /** Null for those of `workflow`, which know no status and wait for nobody. */
  readonly ofJob: OfJob | null;
  readonly referenced: Referenced;
}

const AND_ALL_AFTER = [
  'it cannot be said by `evaluate`; it and the rules after it are left out, which would hold where it does',
  'Write a `when`.',
] as const;

const NONE_AFTER = [
  'whatever files are changed or there, the rules after it do not count where its `if` holds',
  'Write them before it, or a `when`.',
] as const;

/**
 * Whether a condition asks for nothing but variables that turn a template off, e.g. `$SAST_DISABLED`: they are set in a
 * project’s settings alone, and here the template is left out instead.
 */
function turnsOff(condition: string): boolean {
  const names = condition.match(/\$\{?\w+/g) ?? [];
  return (
    names.length > 0 && names.every((one) => one.endsWith('_DISABLED')) && !/!|\bnull\b|""|''/.test(condition)
  );
}

const whereOf = (parts: readonly string[]): string => (parts.length === 0 ? 'true' : parts.join(' && '));

function readEach(rules: Foreign, defined: Defined, { ofJob, referenced }: RuleRoom): JobWhen {
  const held: OutMap[] = [];
  const before: string[] = [];
  const byHand: ByHand[] = [];
  const failures: RuleFailure[] = [];
  let isCut = false;
  const all = rulesOf(rules, referenced);
  for (const rule of all) {
    if (isCut) {
      rule.use();
      continue;
    }
    const [condition, changes, exists, when, variables, needs] = [
      'if',
      'changes',
      'exists',
      'when',
      'variables',
      'needs',
    ].map((key) => rule.get(key));
    exists?.leaveOut('no condition looks at the files of the repository', 'Test it in the commands.');
    variables?.leaveOut('a condition sets no variable', 'Set it in the commands.');
    needs?.leaveOut('a condition changes no order', 'Write `depends_on`.');
    rule.get('interruptible')?.needs('only builds of a pull request’s older commits are ended');
    const allowed = rule.get('allow_failure');
    const isIgnored = (allowed?.text() ?? `${ofJob?.isFailureAllowed}`) === 'true';
    const written = condition?.text() ?? null;
    const said = written === null ? null : translate(written, defined);
    if (condition !== undefined && said?.includes('CI_PIPELINE_EVENT == "cron"') === true)
      noteSchedule(condition);
    const word = when?.text() ?? 'on_success';
    const isByHand = ofJob !== null && (when === undefined ? ofJob.word : word) === 'manual';
    if (condition !== undefined && said === null && condition.kind !== 'nothing') {
      rule.use();
      if (ofJob === null || !(word === 'never' || isByHand) || turnsOff(written ?? '')) {
        condition.leaveOut('it cannot be said by `evaluate`, and the rule is left out', 'Write a `when`.');
        continue;
      }
      condition.leaveOut(...AND_ALL_AFTER);
      if (isByHand) byHand.push({ where: whereOf(before), isBlocking: !isIgnored });
      isCut = true;
      continue;
    }
    rule.get('start_in')?.leaveOut('no step waits for a time', 'Remove it.');
    if (word === 'never') {
      if (changes !== undefined && ofJob === null)
        changes.leaveOut('only the paths themselves are excluded', 'Write `path: { exclude: […] }`.');
      else {
        changes?.leaveOut(
          'whatever files are changed, the rules after it do not count',
          'Write a `when` with `path: { exclude: […] }`.',
        );
        if (said === null && changes === undefined && exists === undefined) break;
        if (said === null) isCut = true;
        else before.push(`!(${said})`);
      }
      continue;
    }
    if (isByHand) {
      if (when !== undefined) noteByHand(when);
      noteChanges(changes);
    } else if (word === 'delayed')
      when?.changes('it waits for a time, and the step runs at once', 'Narrow `when`.');
    else if (!/^(?:on_success|always|on_failure)$/.test(word))
      when?.leaveOut(`\`${word.slice(0, 40)}\` is no time that is known`, 'Write a `when`.');
    if (said === 'false') continue;
    const parts = [...before, ...(said === null || said === 'true' ? [] : [said])].filter(
      (one) => one !== '!(false)',
    );
    if (parts.includes('!(true)')) break;
    rule.spend(parts.reduce((sum, one) => sum + one.length, 0));
    if (isByHand)
      byHand.push({
        where: whereOf(parts),
        isBlocking: !isIgnored,
      });
    failures.push({ from: allowed ?? rule, isIgnored });
    held.push(
      map(
        [
          isByHand ? byHandEntry(when ?? null) : null,
          parts.length === 0 ? null : entry('evaluate', parts.join(' && '), condition ?? rule),
          changes === undefined ? null : pathEntry(changes, defined),
          ofJob === null
            ? null
            : word === 'always'
              ? entry('status', list([text('success'), text('failure')]), when ?? null)
              : word === 'on_failure'
                ? entry('status', 'failure', when ?? null)
                : ofJob.status === null
                  ? null
                  : entry('status', ofJob.status),
        ],
        rule,
      ),
    );
    if (said === null && changes === undefined && exists === undefined) break;
    // What it keeps back in builds that cannot be said, no rule after it may let through.
    const keepsBack = isByHand || (ofJob !== null && word === 'on_failure');
    const isOfFiles = changes !== undefined || (said === null && exists !== undefined);
    if (keepsBack && isOfFiles && rule !== all.at(-1)) rule.changes(...NONE_AFTER);
    if (said !== null && (changes === undefined || keepsBack)) before.push(`!(${said})`);
    else if (keepsBack && isOfFiles) isCut = true;
  }
  const isFailureAllowed = isIgnoredByAll(failures);
  if (held.length === 0) return { when: null, isNever: true, isFailureAllowed, byHand };
  const isStatusTold = held.some((one) => one.entries.some(({ key }) => key === 'status'));
  const isAlways = !isStatusTold && held.some(({ entries }) => entries.length === 0);
  if (isAlways) rules.needs('one of them holds in any case');
  const conditions = held.map((one) =>
    one.entries.length === 0 ? map([entry('status', 'success')], one.from) : one,
  );
  return {
    when: isAlways
      ? null
      : entry('when', conditions.length === 1 ? (conditions[0] ?? list([])) : list(conditions, rules), rules),
    isNever: false,
    isFailureAllowed,
    byHand,
  };
}

/** What a rule that may hold says of a failure, in the place of its job. */
interface RuleFailure {
  readonly from: Foreign;
  readonly isIgnored: boolean;
}

/** A step ignores its failure in each build, or in none: where one rule does not, it counts. */
function isIgnoredByAll(failures: readonly RuleFailure[]): boolean {
  const first = failures.find(({ isIgnored }) => isIgnored);
  if (first === undefined) return false;
  if (failures.every(({ isIgnored }) => isIgnored)) return true;
  first.from.changes(
    'another rule does not say so, and its failure counts in every build',
    'Write two steps, each with its own `when`, and `failure: ignore` in one.',
  );
  return false;
}
