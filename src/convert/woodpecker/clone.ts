import { OWN_CHECKOUT, readCheckoutSetting } from '../checkout.ts';
import type { Foreign } from '../foreign.ts';
import { isFalse, isTrue, uniqueNames } from '../names.ts';
import { entry, list } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { namedOf } from './named.ts';
import { orderSteps } from './order.ts';
import { readStep, stepNameOf } from './step.ts';
import type { StepWords } from './step.ts';

/**
 * `clone`, steps that bring the files: the one of the product's own plugin is our checkout, and steps that are all of
 * others become `clone` here; beside the plugin these are left out.
 * @param root The file.
 * @param isVariable Names of variables that names may have.
 */
export function readClone(
  root: Foreign,
  words: StepWords,
  isVariable: (name: string) => boolean,
): OutEntry | null {
  const clone = root.get('clone');
  if (clone === undefined) return null;
  const skip = root.get('skip_clone');
  if (skip !== undefined && isTrue(skip)) {
    clone.needs('`skip_clone` says that nothing is cloned');
    return null;
  }
  const steps = clone.kind === 'map' ? clone.entries() : clone.items();
  if (steps.length === 0) {
    if (clone.kind === 'text') clone.leaveOut(...OWN_CHECKOUT);
    else clone.needs('the commit is checked out');
    return null;
  }
  if (!steps.some(isOwnPlugin))
    return cloneEntry(clone, root.get('steps') ?? root.get('pipeline'), words, isVariable);
  for (const step of steps) {
    if (isOwnPlugin(step)) readOwnPlugin(step);
    else
      step.leaveOut(
        'beside the checkout of the plugin, which Slipway does by itself, no other step clones',
        'Write it as the first of `steps`, which find the checkout.',
      );
  }
  return null;
}

/** By its name, also with a registry and a tag; one without an image means the plugin, and one with commands runs these. */
function isOwnPlugin(step: Foreign): boolean {
  if (step.kind !== 'map') return step.kind === 'nothing';
  if (['commands', 'entrypoint'].some((key) => step.has(key))) return false;
  const image = step.has('image') ? (step.get('image')?.peek() ?? '') : PLUGIN;
  return /^(?:[\w.-]+(?::\d+)?\/)?(?:woodpeckerci\/plugin-git|plugins\/git|drone\/git)(?::[\w.-]+)?(?:@sha256:\w+)?$/.test(
    image,
  );
}

const PLUGIN = 'woodpeckerci/plugin-git';

function readOwnPlugin(step: Foreign): void {
  if (step.kind === 'nothing') return step.needs('the commit is checked out');
  step.get('name')?.needs('the row of the checkout is called `clone`');
  step.get('image')?.needs('Slipway checks the commit out by itself');
  for (const one of step.entries()) {
    if (one.key === 'settings') one.entries().forEach(readCheckoutSetting);
    else if (one.key !== 'name' && one.key !== 'image') {
      // before `settings`, they stood beside the image
      if (one.kind === 'text' && SETTING.test(one.key)) readCheckoutSetting(one);
      else one.leaveOut(...OWN_CHECKOUT);
    }
  }
}

const SETTING = /^(?:depth|lfs|recursive|tags|partial|skip_verify|submodule_\w+)$/;

/** They run one after another, whatever they say; their names are none of other steps. */
function cloneEntry(
  clone: Foreign,
  others: Foreign | undefined,
  words: StepWords,
  isVariable: (name: string) => boolean,
): OutEntry {
  const unique = uniqueNames();
  for (const { name } of namedOf(others)) unique(stepNameOf(name));
  const read = namedOf(clone).map(({ name, value }) => {
    for (const key of ['depends_on', 'group', 'detach']) {
      const one = value.get(key);
      if (one !== undefined && !isFalse(one))
        one.leaveOut('steps that clone run one after another', 'Remove it.');
    }
    return { ...readStep(value, unique(stepNameOf(name)), words), ...IN_ORDER };
  });
  for (const { from, when } of read) {
    if (when?.kind === 'never')
      from.leaveOut(
        'none of its conditions can hold here, and it clones nothing',
        'Write a `when` with push, pull_request, tag or manual.',
      );
    else
      from.changes(
        'it has no access to the Git host, which a server there may give to its image',
        'Nothing for a public repository; else give it a secret.',
      );
  }
  const steps = orderSteps(read, isVariable);
  return steps.length === 0 ? entry('skip_clone', 'true', clone) : entry('clone', list(steps, clone), clone);
}

const IN_ORDER = { dependsOn: null, dependsFrom: null, group: null, isDetached: false };
