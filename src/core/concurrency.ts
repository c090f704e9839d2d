/** Of which other workflows of the project at most so many run beside a workflow. */
export interface Concurrency {
  /** At least 1. */
  readonly limit: number;
  /** What the file names, with its variables replaced; null: the workflow's own name is its group. */
  readonly group: string | null;
}

/** What the record names a group by: one that a file names is never another one's workflow. */
export function groupKey({ group }: Concurrency, workflow: string): string {
  return group === null ? `workflow ${workflow}` : `group ${group}`;
}

/** A group of the record as people read it. */
export function groupWords(key: string): string {
  const at = key.indexOf(' ');
  const name = key.slice(at + 1).replace(/\p{Cc}+/gu, ' ');
  const short = name.length > 60 ? `${name.slice(0, 59)}…` : name;
  return key.startsWith('group ') ? `the group \`${short}\`` : `the workflow \`${short}\``;
}
