import { list } from '../shape/list.ts';
import { scalar } from '../shape/scalar.ts';
import { located } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { stepVolume } from '../format/volumes.ts';

/** Volumes of a step or a service. */
export const volumes = list(located(scalar(stepVolume)), 'a list of volumes such as `[cache:/cache]`', 1, 16);

export type VolumesSpec = ValueOf<typeof volumes>;
