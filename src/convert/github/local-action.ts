import type { Foreign } from '../foreign.ts';
import type { ForeignFile } from '../open-file.ts';
import { bindingOf, type Given } from './bind-inputs.ts';
import { definedBy } from './defined-by.ts';
import { findLocal, localPath } from './local-files.ts';
import type { Condition } from './read-condition.ts';
import type { Around } from './steps.ts';

/** Actions that stand in each other, as many as there. */
const DEEPEST = 10;

/** The actions of the repository that a file may use. */
export interface LocalActions {
  readonly find: (uses: string) => ReturnType<typeof findLocal>;
  /** All that the file of one says, for what looks for the names of tools in it. */
  readonly written: (uses: string) => string;
}

/** @param top What stands before the path from the top of the repository in the names of files. */
export function localActions(top: string, files: readonly ForeignFile[]): LocalActions {
  const find = (uses: string) => findLocal(uses, top, files);
  return { find, written: (uses) => find(uses)?.file.text ?? '' };
}

/** The steps of an action in the place of the step that uses it. */
export interface Entered {
  readonly steps: readonly Foreign[];
  readonly around: Around;
  /** Notes what nobody has read of the action and of what it was given. */
  readonly leave: () => void;
}

/**
 * Reads a step that uses an action of the repository; null, and noted, where that has no steps that can stand in its place.
 * @param around What the step stands in, with its own environment and condition.
 */
export function enterAction(step: Foreign, around: Around, local: LocalActions): Entered | null {
  const uses = step.get('uses')?.text() ?? '';
  const found = local.find(uses);
  const path = found?.path ?? '';
  for (const key of ['name', 'shell', 'working-directory'])
    step.get(key)?.needs('nothing runs for the action');
  const using = found?.root.get('runs')?.get('using')?.peek() ?? '';
  const refused = refusal(uses, found, using, around.actions);
  if (found === null || refused !== null) {
    const [why, fix] = refused ?? ['', ''];
    step.leaveOut(`\`${uses.slice(0, 60)}\`: ${why}`, fix);
    step.use();
    found?.root.use();
    return null;
  }
  const inputs = new Map<string, Given>();
  const used = new Set<string>();
  const folder = path.replace(/\/?[^/]*$/, '');
  const root = found.root.bound(bindingOf({ inputs, used, secrets: null, folder }));
  found.root.use();
  const given = step.get('with');
  readInputs(root.get('inputs'), given, inputs);
  for (const key of ['name', 'description', 'author', 'branding'])
    root.get(key)?.needs('the steps stand in the place of the action');
  root
    .get('outputs')
    ?.leaveOut('a step hands nothing to the next but files', 'Write a file, and read it in the next step.');
  const runs = root.get('runs');
  runs?.get('using')?.text();
  const steps = runs?.get('steps')?.items() ?? [];
  noteWhole(step, steps.length, 'action');
  noteHidden(steps, inputs, definedBy(around.env));
  return {
    steps,
    around: {
      ...around,
      condition: around.condition ?? { evaluate: null, status: 'success', isNever: false },
      runs: [],
      timeout: step.get('timeout-minutes') ?? around.timeout,
      allowed: [...around.allowed, step.get('continue-on-error')],
      actions: [...around.actions, path],
    },
    leave: () => {
      for (const one of given?.kind === 'map' ? given.entries() : [])
        if (inputs.has(one.key.toLowerCase()) && !used.has(`inputs.${one.key.toLowerCase()}`))
          one.needs('no step of the action takes it');
      root.noteRest();
    },
  };
}

/** Why an action has no steps for us, and our way. */
function refusal(
  uses: string,
  found: ReturnType<typeof findLocal>,
  using: string,
  actions: readonly string[],
): readonly [string, string] | null {
  if (localPath(uses) === null)
    return ['only files of the repository are read', 'Write what it does as `commands`.'];
  if (found === null)
    return [
      'its `action.yml` is not among the files that were read',
      'Write what it does as `commands`, or name that file too.',
    ];
  if (actions.includes(found.path)) return ['it uses itself', 'Write what it does as `commands`.'];
  if (actions.length >= DEEPEST)
    return [`more than ${DEEPEST} actions stand in each other`, 'Write what it does as `commands`.'];
  if (using === 'composite') return null;
  if (using === 'docker')
    return ['an action that is an image is not run', 'Write a step with that `image`, and its `commands`.'];
  return ['an action that is a program is not run', 'Write a step that calls it as `commands`.'];
}

/** Each input of an action, with what it is given, or else its default. */
function readInputs(
  declared: Foreign | undefined,
  given: Foreign | undefined,
  inputs: Map<string, Given>,
): void {
  for (const input of declared?.entries() ?? []) {
    for (const key of ['description', 'required', 'deprecationMessage', 'type'])
      if (input.kind === 'map') input.get(key)?.needs('an input is what it is given');
    if (input.kind === 'nothing') input.use();
    const standard = input.kind === 'map' ? (input.get('default')?.text() ?? '') : '';
    inputs.set(input.key.toLowerCase(), { text: standard, type: 'string' });
  }
  for (const one of given?.kind === 'map' ? given.entries() : []) {
    const name = one.key.toLowerCase();
    if (inputs.has(name)) inputs.set(name, { text: one.text() ?? '', type: 'string' });
    else one.leaveOut('the action has no such input', 'Remove it.');
  }
}

/** What holds of an action as a whole there, and of each of its steps here. */
export function noteWhole(of: Foreign, count: number, whole: 'action' | 'job'): void {
  if (count < 2) return;
  of.get('timeout-minutes')?.changes(
    `each step of the ${whole} may take as long`,
    'Nothing, where that is enough.',
  );
  const allowed = of.get('continue-on-error');
  if (allowed?.peek() === 'true')
    allowed.changes(
      `after a step of the ${whole} that failed its others run, too`,
      'Have them look for what they need.',
    );
}

/** Notes a variable of a step by which another of its name is hidden that a given value speaks of. */
function noteHidden(
  steps: readonly Foreign[],
  inputs: ReadonlyMap<string, Given>,
  defined: ReadonlyMap<string, string>,
): void {
  const named = new Set(
    [...inputs.values()].flatMap(({ text }) =>
      [...text.matchAll(/\benv\.([\w-]+)/g)].map(([, name = '']) => name),
    ),
  );
  for (const step of steps) {
    const env = step.kind === 'map' ? step.get('env') : undefined;
    for (const one of env?.kind === 'map' ? env.entries() : [])
      if (named.has(one.key) && defined.get(one.key) !== one.peek())
        one.changes(
          'what the action is given speaks of the variable of that name outside of it, and here takes this one',
          'Choose another name.',
        );
  }
}

/**
 * What a step of an action asks for, and what the step that uses the action does.
 * @param outer Null: the step stands in no action.
 */
export function combined(
  outer: Condition | null,
  own: Condition | null,
  at: Foreign,
  isFirst: boolean,
): Condition | null {
  if (outer === null) return own;
  const status = own?.status ?? 'success';
  const evaluate = [outer.evaluate, own?.evaluate ?? null].filter((one) => one !== null);
  if (status !== 'success')
    (at.get('if') ?? at).changes(
      'there it asks for the steps of its action, and here for all steps before it',
      'Write a `when` that says more.',
    );
  else if (outer.status !== 'success' && !isFirst)
    at.changes(
      'it is run also where a step of its action before it has failed',
      'Nothing, where that does no harm.',
    );
  const both = outer.status === 'success' || outer.status === 'always' ? status : outer.status;
  return {
    evaluate: evaluate.length === 0 ? null : evaluate.join(' && '),
    status: status === 'success' ? outer.status : both,
    isNever: false,
  };
}
