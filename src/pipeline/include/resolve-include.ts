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
    const what = `\`${project.value}\` is named without \`commit\`, which`;
    report.add('include_unpinned', project, { what, ref: 'HEAD' });
    return null;
  }
  if (/^[0-9a-f]{40}$/i.test(commit.value))
    return { origin: { project: project.value, commit: commit.value.toLowerCase() }, file: file.value };
  const ref = shorten(commit.value);
  report.add('include_unpinned', commit, { what: `\`${ref}\``, ref: /^[\w./-]+$/.test(ref) ? ref : '<ref>' });
  return null;
}
