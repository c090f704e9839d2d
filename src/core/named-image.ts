/** What the name of an image stands for in a build. */
export interface NamedImage {
  /** `registry`: its digest there. `engine`: the Id of an image that no registry is known to have. */
  readonly from: 'registry' | 'engine';
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** What a workflow of a build was told of a name. */
export interface KnownImage extends NamedImage {
  readonly workflowId: string;
  /** The worker that it was told to; null: it is of the build of which only what failed runs again here. */
  readonly workerId: string | null;
}

/** Whether the name itself says which image it is, whenever it is asked for. Pure. */
export function isFixedName(name: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(name);
}

/** The name of the image of that digest in the repository of `name`. Pure. */
export function withDigest(name: string, digest: string): string {
  return `${name.replace(/:[^:/@]*$/, '')}@${digest}`;
}

/**
 * What a name stands for where the record of its build knows it; null: whoever asks decides. A digest of a registry goes
 * for all workflows; an image that only an engine has goes for the workflows on its worker, since nobody else can have it.
 * What a workflow ran before goes for its re-run in any case. Pure.
 * @param known Of that name and build.
 */
export function decideImage(
  known: readonly KnownImage[],
  { workflowId, workerId }: { readonly workflowId: string; readonly workerId: string },
): NamedImage | null {
  const found =
    known.find((one) => one.workflowId === workflowId && one.workerId === null) ??
    known.find(({ from }) => from === 'registry') ??
    known.find((one) => one.workerId === workerId);
  return found === undefined ? null : { from: found.from, digest: found.digest };
}
