import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMutant, MUTANTS, type Mutation } from './mutants.ts';

/*
 * Loaded by `--import` before anything of a process of Slipway's: its modules are changed as `$SLIPWAY_TEST_MUTANT` says
 * while they are read. What is on the disk stays as it is, and nothing of the product knows of this.
 */
const name = process.env['SLIPWAY_TEST_MUTANT'] ?? '';
if (isMutant(name)) mutate(MUTANTS[name].mutations);

function mutate(mutations: readonly Mutation[]): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const file = url.startsWith('file:') ? fileURLToPath(url) : '';
      const own = mutations.filter((mutation) => file === `${root}${mutation.file}`);
      if (own.length === 0) return loaded;
      const source = own.reduce(applied, String(Buffer.from(loaded.source as Uint8Array)));
      return { ...loaded, source };
    },
  });
}

/** @throws Error where the text is not there (any more): a mutant that changes nothing proves nothing. */
export function applied(source: string, { file, from, to }: Mutation): string {
  if (source.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
  return source.replace(from, to);
}
