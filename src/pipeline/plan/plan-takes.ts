import type { ArtifactTake, MatrixValues } from '../../core/plan.ts';
import type { TakeSpec } from '../grammar/takes.ts';

/**
 * What a workflow takes of others. Without a `matrix` of its own an entry means the combinations that agree with the
 * workflow's own in the variables that both have.
 * @param variablesOf Names of the variables of a workflow's matrix.
 */
export function planTakes(
  takes: readonly TakeSpec[],
  own: MatrixValues,
  variablesOf: (workflow: string) => ReadonlySet<string>,
): readonly ArtifactTake[] {
  return takes.map(({ from, name, path, matrix, optional }) => {
    const theirs = variablesOf(from.value);
    const shared = Object.entries(own).filter(([variable]) => theirs.has(variable));
    const asked = matrix?.map((one) => [one.name.value, one.value.value] as const);
    return {
      from: from.value,
      matrix: Object.fromEntries(asked ?? shared),
      names: name === null ? null : [...new Set(name.map(({ value }) => value))],
      path,
      optional,
    };
  });
}
