import { isNode, isPair, isScalar, isSeq, parseAllDocuments, visit } from 'yaml';
import type { Node } from 'yaml';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { Converted, Format } from '../../../src/convert/converted.ts';

/** A value of a file that leaves no trace: another one in its place changes neither what is written nor any note. */
export interface Silent {
  readonly line: number;
  readonly text: string;
}

/**
 * Looks from outside for what a conversion drops in silence: puts another text in the place of each scalar, key or
 * value, one at a time, and compares. What a note names, or is recorded as needless, may be without a trace.
 * @param most How many scalars are tried, spread over the file.
 */
export function findSilent(format: Format, path: string, text: string, most: number): readonly Silent[] {
  const whole = traceOf(format, path, text);
  if (whole.converted.workflows.length === 0) return [];
  const covered = coveredPaths(whole.converted);
  const all = scalarsOf(text).filter(({ at }) => !covered(at));
  const step = Math.max(1, Math.floor(all.length / most));
  return all
    .filter((_, index) => index % step === 0)
    .filter(({ start, end, isKey }) => {
      const changed = text.slice(0, start) + (isKey ? 'zz-other' : OTHER) + text.slice(end);
      return traceOf(format, path, changed).trace === whole.trace;
    })
    .map(({ start, end }) => ({ line: lineOf(text, start), text: text.slice(start, end) }));
}

const OTHER = 'zz-other-7';

interface Place {
  readonly start: number;
  readonly end: number;
  readonly isKey: boolean;
  /** As notes name it. */
  readonly at: string;
}

function scalarsOf(text: string): readonly Place[] {
  const places: Place[] = [];
  for (const document of parseAllDocuments(text, {
    schema: 'failsafe',
    logLevel: 'silent',
    uniqueKeys: false,
  }) as readonly { contents: unknown }[])
    visit(document.contents as Node, {
      Scalar: (key, node, path) => {
        const [start = 0, end = 0] = node.range ?? [];
        // What an anchor is on may be used nowhere, and a merge key is no key.
        const isAnchored = [...path, node].some((one) => isNode(one) && one.anchor !== undefined);
        if (isAnchored || node.value === '<<' || end <= start || text.slice(start, end).includes('\n'))
          return;
        places.push({ start, end, isKey: key === 'key', at: pathOf([...path, node]) });
      },
    });
  return places;
}

/** What can be seen of a conversion. */
function traceOf(
  format: Format,
  path: string,
  text: string,
): { readonly converted: Converted; readonly trace: string } {
  const converted = convertFiles([{ path, content: text }], format);
  const { workflows, notes, needless } = converted;
  const trace = JSON.stringify([
    workflows.map((one) => [one.name, one.text]),
    notes.map(({ code, line, message }) => [code, line, message]),
    needless,
  ]);
  return { converted, trace };
}

/** What a note or the record of what is needless speaks of, with all that stands below it. */
function coveredPaths({ notes, needless }: Converted): (at: string) => boolean {
  const isCut = notes.some(({ code }) => code === 'more_problems');
  const paths = [...notes, ...needless].map(({ path }) => path);
  return (at) =>
    isCut ||
    paths.some(
      (path) => path === '' || at === path || at.startsWith(`${path}.`) || at.startsWith(`${path}[`),
    );
}

function pathOf(path: readonly unknown[]): string {
  let at = '';
  path.forEach((one, index) => {
    const next = path[index + 1];
    if (isPair(one)) at += `${at === '' ? '' : '.'}${isScalar(one.key) ? String(one.key.value) : ''}`;
    else if (isSeq(one)) at += `[${one.items.indexOf(next)}]`;
  });
  return at;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
