import type { ArtifactTake, MatrixValues, Plan } from './plan.ts';
import { matrixLabel, workflowLabel } from './matrix-label.ts';
import type { TakenArtifact, TakenWork } from './work.ts';

/** A workflow of a build with what its steps have kept. */
export interface Producer {
  readonly name: string;
  readonly matrix: MatrixValues | null;
  /** In the order of its steps, what a later attempt has kept after what an earlier one has. */
  readonly artifacts: readonly (Pick<TakenArtifact, 'id' | 'step' | 'name' | 'bytes' | 'digest'> & {
    readonly expiresAtMs: number | null;
  })[];
}

/**
 * The artifacts that a workflow takes, in the order in which they are unpacked: as the file has them, then by producer and
 * step. Of several attempts of a step the last that has kept one counts. Pure.
 * @param nowMs Epoch; what has expired by then is missing.
 */
export function takeArtifacts(
  takes: NonNullable<Plan['takes']>,
  producers: readonly Producer[],
  nowMs: number,
): TakenWork {
  const artifacts: TakenArtifact[] = [];
  const missing: string[] = [];
  for (const take of takes) {
    const of = producers.filter((one) => one.name === take.from && hasAll(one.matrix, take.matrix));
    if (of.length === 0 && !take.optional) missing.push(whyNone(take, producers));
    for (const producer of of) {
      const found = newest(producer).filter(({ name }) => take.names?.includes(name) ?? true);
      const there = found.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
      const workflow = workflowLabel(producer);
      for (const { id, step, name, bytes, digest } of there)
        artifacts.push({ id, workflow, step, name, bytes, digest, path: take.path });
      if (take.optional) continue;
      const lacking = take.names?.filter((name) => !there.some((one) => one.name === name));
      for (const name of lacking ?? (there.length === 0 ? [null] : []))
        missing.push(whyLacking(workflow, name, found));
    }
  }
  return { artifacts, missing };
}

/** Of each step and name the last one. */
function newest({ artifacts }: Producer): Producer['artifacts'] {
  const last = new Map(artifacts.map((one) => [`${one.name} ${one.step}`, one]));
  return artifacts.filter((one) => last.get(`${one.name} ${one.step}`) === one);
}

function hasAll(matrix: MatrixValues | null, wanted: MatrixValues): boolean {
  return Object.entries(wanted).every(([name, value]) => matrix?.[name] === value);
}

function whyNone({ from, matrix }: ArtifactTake, producers: readonly Producer[]): string {
  return producers.some(({ name }) => name === from)
    ? `no combination of the workflow ${from} has ${matrixLabel(matrix)}`
    : `the workflow ${from} has not run in this build, so that there is no artifact of it`;
}

function whyLacking(workflow: string, name: string | null, found: Producer['artifacts']): string {
  const what = name === null ? 'artifacts' : `artifact ${name}`;
  return found.some((one) => name === null || one.name === name)
    ? `the ${what} of the workflow ${workflow} ${name === null ? 'have' : 'has'} expired`
    : `the workflow ${workflow} has no ${what}: none was kept, or it has expired`;
}
