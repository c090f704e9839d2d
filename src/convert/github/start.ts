import type { OurEvent } from '../events.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';

/** How builds of a file begin. */
export interface Start {
  readonly events: readonly OurEvent[];
  /** What is asked for where one is started by hand. */
  readonly inputs: DispatchInputs['known'];
}
