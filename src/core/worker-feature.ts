import { isOfHost, type Plan } from './plan.ts';

/**
 * What a worker's process may know to do beyond what the version of its protocol says, as it tells at its registration.
 * `repeat`: run only a part of a workflow again, in an image that it keeps. `cancel-step`: end one step alone.
 * `take-artifacts`: bring artifacts of other workflows into the workspace. `split`: give the shares of a step their test files.
 * `volumes`: give steps and services volumes by name. `named-images`: run the image that its name stands for in the build.
 * `host-volumes`: give steps and services paths of its host that its operator allows.
 * `pull`: ask the registry for an image of a name that the engine has one of.
 */
export const WORKER_FEATURES = [
  'repeat',
  'cancel-step',
  'take-artifacts',
  'split',
  'volumes',
  'named-images',
  'host-volumes',
  'pull',
] as const;
export type WorkerFeature = (typeof WORKER_FEATURES)[number];

/** What a worker must know to run a plan as it is meant. Pure. */
export function neededFeatures({ takes, steps, services }: Plan): readonly WorkerFeature[] {
  const volumes = [...services, ...steps].flatMap((one) => one.volumes ?? []);
  return [
    ...(takes === undefined ? [] : ['take-artifacts' as const]),
    ...(steps.some(({ split }) => split !== undefined) ? ['split' as const] : []),
    ...(volumes.some((one) => !isOfHost(one)) ? ['volumes' as const] : []),
    ...(volumes.some(isOfHost) ? ['host-volumes' as const] : []),
    ...([...services, ...steps].some(({ pull }) => pull === true) ? ['pull' as const] : []),
  ];
}
