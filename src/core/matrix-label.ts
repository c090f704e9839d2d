import type { MatrixValues } from './plan.ts';

/** A combination for people, e.g. `NODE=20, DB=pg`. Pure. */
export function matrixLabel(matrix: MatrixValues): string {
  return Object.entries(matrix)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

/** A workflow for people: its name, with its combination where it is one of a matrix. Pure. */
export function workflowLabel({ name, matrix }: { name: string; matrix: MatrixValues | null }): string {
  return matrix === null ? name : `${name} (${matrixLabel(matrix)})`;
}
