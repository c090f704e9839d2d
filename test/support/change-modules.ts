import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A change of one text of the product. */
export interface Change {
  /** Below the project's folder. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Changes modules of this process while they are read, from now on; for what `--import` loads before anything of Slipway's.
 * What is on the disk stays as it is, and nothing of the product knows of this.
 */
export function changeModules(changes: readonly Change[]): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const file = url.startsWith('file:') ? fileURLToPath(url) : '';
      const own = changes.filter((change) => file === `${root}${change.file}`);
      if (own.length === 0) return loaded;
      const source = own.reduce(applied, String(Buffer.from(loaded.source as Uint8Array)));
      return { ...loaded, source };
    },
  });
}

/** @throws Error where the text is not there (any more): a change that changes nothing proves nothing. */
export function applied(source: string, { file, from, to }: Change): string {
  if (source.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
  return source.replace(from, to);
}
