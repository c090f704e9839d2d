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
