/** Something that the demo must show was not there. */
export class NotShown extends Error {
  override readonly name = 'NotShown';
}

/** @throws NotShown with `otherwise` when the claim does not hold. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new NotShown(otherwise);
}
