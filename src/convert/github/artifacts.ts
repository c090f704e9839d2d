import { artifactNameOf, artifactPattern } from '../artifact-words.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { rootOf } from './download-artifact.ts';
import type { KeptUpload } from './download-artifact.ts';

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  'if-no-files-found': ['a pattern without files is said in the log', 'Test it in the commands.'],
  'compression-level': ['an artifact is one gzipped archive', 'Remove it.'],
  overwrite: ['an artifact is of its own build', 'Remove it.'],
  'include-hidden-files': ['hidden files are kept, too', 'Remove it.'],
};

/** What `actions/upload-artifact` keeps; null where that cannot be said here, which is noted. */
export function uploadedEntry(
  step: Foreign,
  values: Foreign | undefined,
): (KeptUpload & { readonly entry: OutEntry }) | null {
  const inputs = values?.kind === 'map' ? values : undefined;
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) inputs?.get(key)?.leaveOut(why, fix);
  const path = inputs?.get('path');
  const lines = path?.text()?.split('\n') ?? [];
  const written = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const patterns = written.flatMap((line) => artifactPattern(line.replace(/^!.*/, '')) ?? []);
  const [name, days] = ['name', 'retention-days'].map((key) => inputs?.get(key));
  if (path === undefined || patterns.length === 0) {
    for (const one of [name, days]) one?.needs('no files are kept');
    step.leaveOut('none of its paths is a pattern of files of the workspace', 'Write `artifacts` on a step.');
    return null;
  }
  if (patterns.length < written.length)
    path.changes(
      'paths outside of the workspace, with `!` or with expressions are left out',
      'Write `paths` of `artifacts` out.',
    );
  const found = nameOf(name);
  const kept = entry(
    'artifacts',
    map([
      entry(
        'paths',
        list(
          patterns.map((one) => text(one, path)),
          path,
        ),
        path,
      ),
      entry('name', text(found, name ?? null), name ?? null),
      days === undefined ? null : expireEntry(days),
    ]),
    values ?? null,
  );
  return { entry: kept, name: found, ...rootOf(patterns) };
}

function nameOf(name: Foreign | undefined): string {
  const written = name?.text() ?? 'artifact';
  const found = artifactNameOf(written) ?? 'artifact';
  if (found !== written)
    name?.changes(
      'a name is plain text, without expressions',
      'Write one of A-Z, a-z, 0-9, `_`, `.` and `-`.',
    );
  return found;
}

function expireEntry(days: Foreign): OutEntry | null {
  const written = days.text() ?? '';
  if (/^[1-9]\d{0,2}$/.test(written)) return entry('expire', text(`${written}d`, days), days);
  if (written === '0') days.needs('artifacts go with their build');
  else days.leaveOut('it is no number of days', 'Write e.g. `expire: 30d`.');
  return null;
}
