/**
 * What a process of Node needs of this one's environment and tests do not set: the path, and where compiled code is
 * kept. Without that, a command compiles its sources at each start, which takes most of its time.
 */
export function nodeEnvironment(): Record<string, string> {
  return Object.fromEntries(
    ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
