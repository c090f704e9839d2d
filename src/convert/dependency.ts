import type { Foreign } from './foreign.ts';
import { entry, map, text } from './out.ts';
import type { Out } from './out.ts';

/** What is waited for, as our file has it. @param optional See `docs/pipeline.md`; null: nothing is said of it. */
export function dependency(name: string, optional: boolean | null, from: Foreign | null): Out {
  if (optional === null) return text(name, from);
  return map([entry('name', text(name, from)), entry('optional', String(optional))], from);
}
