import { readEvent } from '../core/event.ts';
import type { HostedRepository, ManualEvent } from '../core/event.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';
import { unreachableOf } from './read-included.ts';
import { readSource, type Source } from './read-source.ts';

type HeadDeps = Pick<IntakeDeps, 'store' | 'mirrors' | 'readRemote' | 'secrets' | 'clock' | 'log'>;

/** The newest commit of a branch, and what is read of it. */
export interface BranchHead {
  /** What an event of it has, whatever asked for it. */
  readonly base: Omit<ManualEvent, 'kind' | 'inputs'>;
  readonly source: Source;
  /** An id made before the host was asked: what came while the commit was read is newer. */
  readonly arrivedWith: string;
}

/** Asks the Git host. @throws Problem `not_found` for the branch, `include_unreachable`, and as `Mirrors`. */
export async function readHead(deps: HeadDeps, project: ProjectRow, branch: string): Promise<BranchHead> {
  const arrivedWith = newId('dlv', deps.clock.nowMs());
  const commit = (await deps.readRemote(await remoteOf(deps, project))).branches.get(branch);
  if (commit === undefined) throw new Problem('not_found', { what: 'branch', id: branch });
  const base: BranchHead['base'] = {
    branch,
    commit,
    message: '',
    author: { name: '', email: '' },
    committedAtMs: null,
    actor: { id: 'admin', login: 'admin', avatarUrl: null },
    url: null,
    repository: await lastKnownRepository(deps, project.id),
  };
  const source = await readSource(deps, project, { ...base, kind: 'manual', inputs: {} });
  const unreachable = unreachableOf(source.included);
  if (unreachable !== null) throw unreachable;
  return { base: { ...base, ...source.info }, source, arrivedWith };
}

/** What the newest delivery that led to a build said of the repository; null when there was none. */
async function lastKnownRepository({ store }: HeadDeps, projectId: string): Promise<HostedRepository | null> {
  const row = await store.db
    .selectFrom('build')
    .where('project_id', '=', projectId)
    .where('event_kind', 'not in', ['manual', 'cron'])
    .orderBy('id', 'desc')
    .limit(1)
    .select('event_json')
    .executeTakeFirst();
  return row === undefined ? null : readEvent(row.event_json).repository;
}
