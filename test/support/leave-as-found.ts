import { afterAll } from 'vitest';

/** What a process has once; a file that changes it changes it for every later one in the same process. */
const before = { umask: process.umask(), cwd: process.cwd(), env: { ...process.env } };

afterAll(() => {
  const changed = [...restoreProcess(), ...restoreEnvironment()];
  if (changed.length > 0) throw new Error(`this file leaves the process changed: ${changed.join(', ')}`);
});

function restoreProcess(): readonly string[] {
  const umask = process.umask(before.umask);
  const cwd = process.cwd();
  process.chdir(before.cwd);
  return [...(umask === before.umask ? [] : ['umask']), ...(cwd === before.cwd ? [] : ['cwd'])];
}

/** Names alone: a value may be a secret. Those of vitest are its own. */
function restoreEnvironment(): readonly string[] {
  const names = new Set([...Object.keys(before.env), ...Object.keys(process.env)]);
  const changed = [...names].filter(
    (name) => !name.startsWith('VITEST') && process.env[name] !== before.env[name],
  );
  for (const name of changed) {
    const value = before.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return changed;
}
