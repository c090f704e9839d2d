import type { RepositoryEvent } from '../core/event.ts';
import type { CiContext } from '../pipeline/ci-variables.ts';
import type { NumberedBuild, PreviousBuild } from '../ports/build-variables.ts';
import type { IntakeSettings } from './intake-deps.ts';

/** What the variables of a build are made of, as the record has it. */
export interface RecordedBuild {
  readonly project: { readonly path: string; readonly cloneUrl: string; readonly defaultBranch: string };
  readonly event: RepositoryEvent;
  readonly build: NumberedBuild & { readonly reruns: number };
  readonly previous: PreviousBuild | null;
  /** Null while the build is planned. */
  readonly workflow: string | null;
  readonly changedFiles: readonly string[] | null;
}

/** The same with what the server knows: addresses of pages, its version. */
export function ciContext(settings: IntakeSettings, recorded: RecordedBuild): CiContext {
  const { project, event, build, previous, workflow, changedFiles } = recorded;
  const withPage = <B extends NumberedBuild>(one: B) => ({
    ...one,
    url: `${settings.publicUrl}/builds/${one.id}`,
  });
  return {
    event,
    project: { ...project, webUrl: webUrlOf(project.cloneUrl) },
    build: withPage(build),
    previous: previous === null ? null : { event: previous.event, build: withPage(previous.build) },
    workflow,
    changedFiles,
    system: { url: settings.publicUrl, version: settings.version },
  };
}

/** The repository's page: the clone address without `.git`; null for ssh. */
function webUrlOf(cloneUrl: string): string | null {
  return /^https?:/i.test(cloneUrl) ? cloneUrl.replace(/\.git\/?$/, '') : null;
}
