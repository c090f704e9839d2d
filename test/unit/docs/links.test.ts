import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DOCUMENTS = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: ROOT })];

test('every link between documents leads to a file that is there, and to a heading of it', () => {
  expect(DOCUMENTS.length).toBeGreaterThan(40);
  expect(DOCUMENTS.flatMap(brokenLinks)).toEqual([]);
});

function brokenLinks(document: string): readonly string[] {
  const links = [...withoutCode(readDocument(document)).matchAll(/\]\(([^()\s]+)\)/g)];
  return links
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !isThere(document, target))
    .map((target) => `${document}: ${target}`);
}

function isThere(document: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const place = file === '' ? document : path.join(path.dirname(document), file);
  if (!existsSync(path.join(ROOT, place))) return false;
  return anchor === undefined || !place.endsWith('.md') || anchorsOf(place).has(anchor);
}

/** As GitHub makes them of headings: small, without punctuation, `-` for a blank, and a number from the second of a name. */
function anchorsOf(document: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(readDocument(document)).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replace(/\]\([^)]*\)/g, '').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let nth = 0;
    while (anchors.has(nth === 0 ? anchor : `${anchor}-${nth}`)) nth++;
    anchors.add(nth === 0 ? anchor : `${anchor}-${nth}`);
  }
  return anchors;
}

const readDocument = (document: string): string => readFileSync(path.join(ROOT, document), 'utf8');

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');
