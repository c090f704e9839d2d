import { OWN_CHECKOUT, readCheckoutSetting } from '../checkout.ts';
import type { Foreign } from '../foreign.ts';

/** `clone`, steps that bring the files: the one of the product's own plugin is our checkout, all others are left out. */
export function readClone(clone: Foreign | undefined): void {
  if (clone === undefined) return;
  const steps = clone.kind === 'map' ? clone.entries() : clone.items();
  if (steps.length === 0 && clone.kind !== 'text') return clone.needs('the commit is checked out');
  if (steps.length === 0) return clone.leaveOut(...OWN_CHECKOUT);
  for (const step of steps) {
    if (isOwnPlugin(step)) readStep(step);
    else step.leaveOut(...OWN_CHECKOUT);
  }
}

/** By its name, also with a registry and a tag; one without an image means the plugin. */
function isOwnPlugin(step: Foreign): boolean {
  if (step.kind !== 'map') return step.kind === 'nothing';
  const image = step.has('image') ? (step.get('image')?.peek() ?? '') : PLUGIN;
  return /^(?:[\w.-]+(?::\d+)?\/)?(?:woodpeckerci\/plugin-git|plugins\/git|drone\/git)(?::[\w.-]+)?(?:@sha256:\w+)?$/.test(
    image,
  );
}

const PLUGIN = 'woodpeckerci/plugin-git';

function readStep(step: Foreign): void {
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
