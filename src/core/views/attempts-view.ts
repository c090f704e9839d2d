import type { MatrixValues } from '../plan.ts';
import type { StepKind } from '../work.ts';
import type { StepAttemptView } from './workflow-view.ts';

/**
 * Every try of what a build is of, beside one another: of the build itself, of those that it runs again, and of those that
 * run it again. Workflows in the order of the newest build, and in each only steps that were tried more than once.
 */
export interface AttemptsView {
  readonly workflows: readonly {
    readonly name: string;
    readonly matrix: MatrixValues | null;
    readonly steps: readonly {
      readonly kind: StepKind;
      readonly name: string;
      /** The oldest first. */
      readonly attempts: readonly TriedView[];
    }[];
  }[];
}

export interface TriedView extends Omit<StepAttemptView, 'tests'> {
  readonly buildId: string;
  readonly buildNumber: number;
  /** Null: it was not recorded, or the worker is gone. */
  readonly workerName: string | null;
}
