import type { Foreign } from '../foreign.ts';

/** The variables that maps of them set, the last one of a name. */
export function definedBy(env: readonly (Foreign | undefined)[]): ReadonlyMap<string, string> {
  return new Map(
    env.flatMap((one) =>
      one?.kind === 'map' ? one.entries().map((each) => [each.key, each.peek()] as const) : [],
    ),
  );
}
