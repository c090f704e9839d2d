import { table } from '../pipeline/reference.ts';
import { convertFiles } from './convert-files.ts';
import type { Format } from './converted.ts';
import { OF_DRONE } from './documented/drone.ts';
import { OF_GITHUB } from './documented/github.ts';
import { OF_GITLAB } from './documented/gitlab.ts';
import type { Place } from './documented/place.ts';
import { OF_WOODPECKER } from './documented/woodpecker.ts';

/** What comes of a key, as the converter itself says it. */
export interface Row {
  readonly where: string;
  readonly key: string;
  readonly state: 'yes' | 'converted' | 'not needed' | 'with a difference' | 'refused' | 'not known';
  readonly why: string;
}

const PLACES: Readonly<Record<Format, readonly Place[]>> = {
  woodpecker: OF_WOODPECKER,
  drone: OF_DRONE,
  gitlab: OF_GITLAB,
  github: OF_GITHUB,
};

/** Every documented key with what comes of it: each is converted, and what the notes say is taken. */
export function compatibilityRows(format: Format): readonly Row[] {
  return PLACES[format].flatMap(({ where, file, keys, line: lineOf, path = format, beside }) =>
    Object.entries(keys).map(([key, value]) => {
      const name = key.replace(/:.*/, '');
      const written = lineOf?.(key, value) ?? `${name}: ${value}`;
      const text = file(written);
      const { notes: all, needless } = convertFiles([{ path, content: text }, ...(beside ?? [])], format);
      // Not what is different in any file.
      const notes = all.filter((one) => one.path !== '' || one.code !== 'convert_changed');
      const line = text.split('\n').findIndex((one) => one.includes(written)) + 1;
      const note = notes.find((one) => one.file === path && one.line === line) ?? notes[0];
      const none =
        needless.find((one) => one.line === line && (lineOf !== undefined || one.path.includes(name))) ??
        // What holds of a value, holds of all that is in it.
        needless.find(({ path }) => path.split('.').at(-1) === where.split('.').at(-1));
      if (note !== undefined) return { where, key, state: stateOf(note.code), why: reasonOf(note) };
      if (none !== undefined) return { where, key, state: 'not needed' as const, why: `${none.reason}.` };
      const isOurs = format === 'woodpecker' || format === 'drone';
      return { where, key, state: isOurs ? ('yes' as const) : ('converted' as const), why: '' };
    }),
  );
}

function stateOf(code: string): Row['state'] {
  if (code === 'convert_changed') return 'with a difference';
  return code === 'convert_left_out' ? 'refused' : 'not known';
}

/** The note without the name of the key. */
function reasonOf({ message, fix }: { readonly message: string; readonly fix: string }): string {
  const why = message.replace(/^`.*?` (?:is left out|is not quite the same here): /, '');
  return `${why} ${fix}`;
}

/** The part of `docs/compatibility.md` for one format. */
export function compatibilityTable(format: Format): string {
  return table(
    ['where', 'key', 'here', 'why, and our way'],
    compatibilityRows(format).map(({ where, key, state, why }) => [where, `\`${key}\``, state, why]),
  );
}
