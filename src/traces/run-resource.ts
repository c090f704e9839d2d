import type { RepositoryEvent } from '../core/event.ts';
import type { Attributes } from './span.ts';
import type { TracedProject } from './traced.ts';

/**
 * What all spans of a build have in common, as OpenTelemetry's "CI/CD" and "VCS" resources. Nothing here comes from a
 * commit's message, and the repository's address has no login.
 */
export function runResource(
  project: TracedProject,
  build: { readonly id: string; readonly event: RepositoryEvent } | null,
  publicUrl: string,
): Attributes {
  const [owner, name] = splitLast(project.hostRepository);
  return {
    'cicd.pipeline.name': project.path,
    'vcs.repository.name': name,
    'vcs.owner.name': owner,
    'vcs.repository.url.full': build?.event.repository?.url ?? pageOf(project.cloneUrl),
    ...(build !== null && {
      'cicd.pipeline.run.id': build.id,
      'cicd.pipeline.run.url.full': `${publicUrl}/builds/${build.id}`,
      'vcs.provider.name': build.event.repository?.host ?? null,
      'vcs.ref.head.revision': build.event.commit,
      ...refOf(build.event),
    }),
  };
}

function refOf(event: RepositoryEvent): Attributes {
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return { 'vcs.ref.head.name': event.branch, 'vcs.ref.head.type': 'branch' };
    case 'tag':
      return { 'vcs.ref.head.name': event.tag, 'vcs.ref.head.type': 'tag' };
    case 'pull_request':
      return {
        'vcs.ref.head.name': event.sourceBranch,
        'vcs.ref.head.type': 'branch',
        'vcs.ref.base.name': event.targetBranch,
        'vcs.ref.base.type': 'branch',
        'vcs.change.id': String(event.number),
      };
  }
}

/** The address to clone from as a browser opens it; null where that is not known. */
function pageOf(cloneUrl: string): string | null {
  if (!/^https?:/i.test(cloneUrl) || !URL.canParse(cloneUrl)) return null;
  const { origin, pathname } = new URL(cloneUrl);
  return `${origin}${pathname.replace(/\.git\/?$/, '')}`;
}

function splitLast(fullName: string): [string | null, string] {
  const at = fullName.lastIndexOf('/');
  return at < 0 ? [null, fullName] : [fullName.slice(0, at), fullName.slice(at + 1)];
}
