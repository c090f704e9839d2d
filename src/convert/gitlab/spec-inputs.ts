import type { Bind, Foreign } from '../foreign.ts';
import type { ForeignDocument, ForeignFile } from '../open-file.ts';

const PLACE = /\$\[\[\s*([^\]]*?)\s*\]\]/g;

/**
 * The document of a file that has the jobs, with the defaults of its inputs in their places: nobody gives a file of the
 * repository other ones.
 */
export function withDefaults(file: ForeignFile, document: ForeignDocument): Foreign {
  const headers = file.documents.filter((one) => one !== document);
  if (headers.length === 0) return document.root;
  const inputs = headers.flatMap(({ root }) => {
    const spec = root.kind === 'map' ? root.get('spec') : undefined;
    const found = spec?.kind === 'map' ? spec.get('inputs') : undefined;
    return found?.kind === 'map' ? found.entries() : [];
  });
  const standards = new Map(inputs.map((input) => [input.key, defaultOf(input)] as const));
  for (const { root } of headers) {
    root.changes(
      'each of its inputs is its default',
      'Write `inputs` at the top of the file for those that a person is to be asked for.',
    );
  }
  const bind = bindOf(standards);
  const bound = document.root.bound(bind, bind);
  document.root.use();
  return bound;
}

function defaultOf(input: Foreign): string | null {
  if (input.kind === 'nothing') input.use();
  for (const key of ['description', 'options', 'regex', 'type', 'rules'])
    if (input.kind === 'map') input.get(key)?.needs('nobody gives the input another value than its default');
  const standard = input.kind === 'map' ? input.get('default') : undefined;
  standard?.use();
  return standard?.kind === 'text' ? standard.peek() : null;
}

function bindOf(standards: ReadonlyMap<string, string | null>): Bind {
  const told = new Set<string>();
  return (text, at) =>
    text.replace(PLACE, (whole, expression: string) => {
      const name = /^inputs\.([\w-]+)$/.exec(expression)?.[1];
      const standard = name === undefined ? null : (standards.get(name) ?? null);
      if (standard !== null) {
        at.spend(standard.length);
        return standard;
      }
      if (!told.has(expression)) {
        told.add(expression);
        const shown = expression.replace(/^inputs\./, '').slice(0, 60);
        at.changes(
          name === undefined
            ? `\`${shown}\` is computed, and stays as it is`
            : `the input \`${shown}\` has no default that is text`,
          'Write the value out.',
        );
      }
      return whole;
    });
}
