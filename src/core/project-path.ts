/** The path of a project, e.g. `shop/web`. */
export const PROJECT_PATH = /^(?=.{1,200}$)[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** Projects by their path: one, all below a folder (`team/*`), or all (`*`). */
export const PROJECT_PATTERN =
  /^(?:\*|(?=.{1,202}$)[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(?:\/\*)?)$/;

/** Whether a pattern names a project. */
export function matchesProject(pattern: string, path: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/** How the list of those that may include a project's files changes: first set, then without some, then with others. */
export interface SharingChange {
  readonly set?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
}

/** Patterns that one project may be shared with. */
export const MOST_SHARED = 100;

/** The list after a change, sorted, each pattern once. Pure. */
export function changeSharing(
  patterns: readonly string[],
  { set = patterns, remove = [], add = [] }: SharingChange,
): readonly string[] {
  return [...new Set([...set.filter((pattern) => !remove.includes(pattern)), ...add])].sort();
}
