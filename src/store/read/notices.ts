import type { NoticeView } from '../../core/views/build-view.ts';
import type { Reader } from './view-context.ts';

/** What went wrong beside a build and its deployments: each text once, as of the last time. */
export async function noticesOfBuild(db: Reader, buildId: string): Promise<readonly NoticeView[]> {
  const rows = await db
    .selectFrom('event')
    .select(['at', 'detail_json'])
    .where('build_id', '=', buildId)
    .where('type', '=', 'commit_status.failed')
    .orderBy('id')
    .execute();
  const notices = new Map<string, NoticeView>();
  for (const { at, detail_json } of rows) {
    const { context, reason } = JSON.parse(detail_json) as { context: string; reason: string };
    const about = new Set([...(notices.get(reason)?.about ?? []), context]);
    notices.set(reason, { atMs: at, about: [...about], text: reason });
  }
  return [...notices.values()];
}
