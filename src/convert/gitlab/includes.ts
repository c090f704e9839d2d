import picomatch from 'picomatch';
import type { Foreign } from '../foreign.ts';
import type { ForeignFile } from '../open-file.ts';

/** Files of the same repository that were given with the main one and that it includes, or one of those does; each once. */
export function includes(
  root: Foreign,
  file: ForeignFile,
  files: readonly ForeignFile[],
  top = topOf(file.name),
  seen = new Set([file.name]),
): readonly Foreign[] {
  return (root.get('include')?.oneOrMore() ?? []).flatMap((one) => {
    const local = one.kind === 'map' ? one.get('local') : one;
    const name = local?.peek().replace(/^\//, '') ?? '';
    const targets = targetsOf(
      name,
      top,
      files.filter((other) => other !== file),
    );
    if (local === undefined || targets.length === 0) {
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
    return targets.flatMap((target) => {
      if (seen.has(target.name)) return [];
      seen.add(target.name);
      const found = target.documents.find((document) => !document.root.has('spec'));
      for (const document of target.documents)
        if (document !== found)
          document.root.leaveOut(
            'a file is included as it is written',
            'Write the values of its inputs out.',
          );
      return found === undefined ? [] : [found.root, ...includes(found.root, target, files, top, seen)];
    });
  });
}

/** Files that an `include` names; with `*` and `**` several, in the order of their names (GitLab, `include:local`). */
function targetsOf(name: string, top: string, others: readonly ForeignFile[]): readonly ForeignFile[] {
  if (name.includes('*')) {
    const matches = picomatch(name, { dot: true });
    return others
      .filter((other) => other.name.startsWith(top) && matches(other.name.slice(top.length)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  return others.filter((other) => other.name === name || other.name.endsWith(`/${name}`)).slice(0, 1);
}

/** Whether it is the file that includes others, by its name. */
export const isMain = (name: string): boolean => /(?:^|\/)\.gitlab-ci\.ya?ml$/.test(name);

/** What stands before the path from the top of the repository in the name of a file of GitLab. */
export const topOf = (name: string): string => /^(.*\/)?[^/]*$/s.exec(name)?.[1] ?? '';

/** Texts that may name a file of the repository, however the file writes them; each is looked for, and no more than that. */
export function includedIn(text: string): readonly string[] {
  const names = [...text.matchAll(/(?:^|[\s[,{-])["']?(\/?[\w.*/@-]+\.ya?ml)["']?(?=[\s,\]}]|$)/gm)];
  const paths = names.map(([, name = '']) => name.replace(/^\//, ''));
  return [...new Set(paths)].filter((name) => !name.split('/').includes('..'));
}

function noteRest(include: Foreign, local: Foreign): void {
  for (const other of include.entries()) {
    if (other === local) continue;
    if (other.key === 'inputs')
      other.leaveOut('a file is included as it is written', 'Write the values of its inputs out.');
    else other.leaveOut('a file is always included', 'Remove it.');
  }
}
