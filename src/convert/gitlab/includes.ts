import type { Foreign } from '../foreign.ts';
import type { ForeignFile } from '../open-file.ts';

/** Files of the same repository that were given with the main one and that it includes, or one of those does; each once. */
export function includes(
  root: Foreign,
  file: ForeignFile,
  files: readonly ForeignFile[],
  seen = new Set([file.name]),
): readonly Foreign[] {
  return (root.get('include')?.oneOrMore() ?? []).flatMap((one) => {
    const local = one.kind === 'map' ? one.get('local') : one;
    const name = local?.peek().replace(/^\//, '') ?? '';
    const target = files.find(
      (other) => other !== file && (other.name === name || other.name.endsWith(`/${name}`)),
    );
    if (local === undefined || target === undefined) {
      one.leaveOut(
        local === undefined
          ? 'only files of the repository are read'
          : `\`${name}\` is not among the files that were read`,
        one.kind === 'map' && one.has('project')
          ? 'Convert that file in its own project, and write `include` with `project`, `commit` and `file`.'
          : 'Write its jobs into the file, or name that file too.',
      );
      return [];
    }
    local.use();
    if (one.kind === 'map') noteRest(one, local);
    if (seen.has(target.name)) return [];
    seen.add(target.name);
    const found = target.documents.find((document) => !document.root.has('spec'));
    for (const document of target.documents)
      if (document !== found)
        document.root.leaveOut('a file is included as it is written', 'Write the values of its inputs out.');
    return found === undefined ? [] : [found.root, ...includes(found.root, target, files, seen)];
  });
}

function noteRest(include: Foreign, local: Foreign): void {
  for (const other of include.entries()) {
    if (other === local) continue;
    if (other.key === 'inputs')
      other.leaveOut('a file is included as it is written', 'Write the values of its inputs out.');
    else other.leaveOut('a file is always included', 'Remove it.');
  }
}
