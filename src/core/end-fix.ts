/** Of an end as the API and the pages tell it, beside its reason. Absent: an older server tells it. */
export interface EndFix {
  /** `EndCode` of the catalogue, or of that of a newer version; null: it did not end badly, or before codes were kept. */
  readonly code?: string | null;
  /** What to do about it, see `fixOfEnd`. */
  readonly fix?: string | null;
}

/** What to do about an end, where its reason does not say it already; null: nothing more is to be said. Pure. */
export function fixBeside({ reason, fix }: EndFix & { readonly reason: string | null }): string | null {
  return fix == null || reason?.includes(fix) === true ? null : fix;
}
