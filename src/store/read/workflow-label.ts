import { workflowLabel } from '../../core/matrix-label.ts';
import type { MatrixValues } from '../../core/plan.ts';

/** The name of a recorded workflow for people. Each combination of a matrix has its own, and so its own tests. */
export function labelOf({ workflow, matrix_json }: { workflow: string; matrix_json: string | null }): string {
  const matrix = JSON.parse(matrix_json ?? 'null') as MatrixValues | null;
  return workflowLabel({ name: workflow, matrix });
}
