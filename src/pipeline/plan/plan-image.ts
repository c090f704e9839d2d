import { PLAN_DEFAULTS } from '../../core/plan-defaults.ts';
import type { ImagePlan } from '../../core/plan.ts';
import type { ImageSpec } from '../grammar/image.ts';
import type { FillValue } from './fill-values.ts';

/** The image of the file, or the one of the Dockerfile at the root, or none. */
export function planImage(
  spec: ImageSpec | 'none' | null,
  hasDockerfile: boolean,
  fill: FillValue,
): ImagePlan | null {
  if (spec === 'none') return null;
  if (spec === null) return hasDockerfile ? DOCKERFILE_ALONE : null;
  return {
    dockerfile: spec.dockerfile,
    context: spec.context,
    target: spec.target,
    testTarget: spec.test_target?.value ?? null,
    args: Object.fromEntries(spec.args.map(({ name, value }) => [name.value, fill(value).text])),
    secrets: [...new Set(spec.secrets.map(({ value }) => value))],
    timeoutMs: spec.timeout ?? PLAN_DEFAULTS.imageTimeoutMs,
  };
}

const DOCKERFILE_ALONE: ImagePlan = {
  dockerfile: 'Dockerfile',
  context: '.',
  target: null,
  testTarget: null,
  args: {},
  secrets: [],
  timeoutMs: PLAN_DEFAULTS.imageTimeoutMs,
};
