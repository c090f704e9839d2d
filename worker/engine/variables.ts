/** An environment as the engine takes it: `NAME=value`. */
export function variables(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
