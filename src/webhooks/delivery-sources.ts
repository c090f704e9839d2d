import type { HostRepository } from '../ports/git-host.ts';
import type { Reading } from '../store/store.ts';

export interface SourceDeps {
  readonly store: Reading;
  /** Whether the server has an App at the Git host, whose webhook gets the deliveries of every repository it is on. */
  readonly hasApp: boolean;
  readonly connectionOf: (projectId: string) => Promise<HostRepository | null>;
}

/** Who is asked for deliveries. */
export interface AskedSource {
  /** `app`, or the full name of the repository whose webhook it is. */
  readonly name: string;
  /** Null: the server's App. */
  readonly repository: HostRepository | null;
  /** What was sent before is nobody's here: no project was there to build it. */
  readonly sinceMs: number;
}

/** The App's webhook, and those of repositories whose project has a token of its own. */
export async function findSources({
  store,
  hasApp,
  connectionOf,
}: SourceDeps): Promise<readonly AskedSource[]> {
  const projects = await store.db
    .selectFrom('project')
    .select(['id', 'created_at', 'host_repository', 'host_token'])
    .orderBy('id')
    .execute();
  const [oldest] = [...projects].sort((a, b) => a.created_at - b.created_at);
  const sources: AskedSource[] =
    hasApp && oldest !== undefined ? [{ name: 'app', repository: null, sinceMs: oldest.created_at }] : [];
  const withToken = projects.filter(({ host_token }) => host_token !== null);
  for (const name of new Set(withToken.map((project) => project.host_repository))) {
    const project = withToken.find(({ host_repository }) => host_repository === name);
    const repository = project === undefined ? null : await connectionOf(project.id);
    if (project !== undefined && repository !== null)
      sources.push({ name, repository, sinceMs: project.created_at });
  }
  return sources;
}
