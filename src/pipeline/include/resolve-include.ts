import type { IncludeSpec } from '../grammar/include.ts';
import type { Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import type { IncludeOrigin, IncludeRef } from './included-file.ts';

/**
 * Which file is meant, for a file that is itself of `from`. Null where that is not said, which is reported: a file of
 * another project is named at a commit, for whoever may move a branch there would otherwise change what is built here.
 */
export function resolveInclude(
  { file, project, commit }: IncludeSpec,
  from: IncludeOrigin | null,
  report: Report,
): IncludeRef | null {
  if (file.value === '' || project?.value === '') return null;
  if (project === null) {
    if (commit === null) return { origin: from, file: file.value };
    report.add('include_commit_own', commit);
    return null;
  }
  if (commit === null) {
    const what = `\`${project.value}\` is named without \`commit\``;
    report.add('include_unpinned', project, { what, how: howToFind('HEAD') });
    return null;
  }
  if (/^[0-9a-f]{40}$/i.test(commit.value))
    return { origin: { project: project.value, commit: commit.value.toLowerCase() }, file: file.value };
  const ref = shorten(commit.value);
  const what = `\`${ref}\` is no ${isAbbreviated(ref) ? 'whole ' : ''}commit`;
  report.add('include_unpinned', commit, { what, how: howToFind(/^[\w./-]+$/.test(ref) ? ref : '<ref>') });
  return null;
}

const isAbbreviated = (ref: string): boolean => /^[0-9a-f]{7,39}$/i.test(ref);

/** `git ls-remote` knows branches and tags alone. */
const howToFind = (ref: string): string =>
  isAbbreviated(ref) ? `\`git rev-parse ${ref}\` in a clone of it` : `\`git ls-remote <address> ${ref}\``;
