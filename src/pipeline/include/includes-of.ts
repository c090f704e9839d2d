import type { BuildRoom } from '../build-room.ts';
import { decode, type FileInput } from '../decode.ts';
import { includes } from '../grammar/include.ts';
import { parseYaml } from '../parse-yaml.ts';
import { createReport } from '../report.ts';
import { cursorAt } from '../shape/cursor.ts';
import { keyText } from '../shape/record.ts';
import type { IncludeOrigin, IncludeRef } from './included-file.ts';
import { resolveInclude } from './resolve-include.ts';

/**
 * The files that a file includes, itself being of `from`; what is wrong with them is said when it is read.
 * @param room What reading it takes is taken from this.
 */
export function includesOf(
  input: FileInput,
  from: IncludeOrigin | null,
  room: BuildRoom,
): readonly IncludeRef[] {
  const { text, wrong } = decode(input);
  if (wrong !== null || !/\binclude\b/.test(text)) return [];
  const report = createReport('', text);
  const tree = parseYaml(text, report, room);
  const root = tree === null ? null : cursorAt(tree, report, room);
  if (root === null) return [];
  const entry = root.entries().find(({ pair }) => keyText(root, pair) === 'include');
  const place = entry?.down('include') ?? null;
  if (place === null) return [];
  return includes.read(place).flatMap((one) => resolveInclude(one, from, report) ?? []);
}
