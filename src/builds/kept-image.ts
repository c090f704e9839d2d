import type { Selectable } from 'kysely';
import type { BuiltImage } from '../core/image.ts';
import type { KeptImage } from '../core/repeat.ts';
import { isRevoked } from '../core/revoked-token.ts';
import type { ImageTable } from '../store/schema.ts';
import type { Reading } from '../store/store.ts';

/** What the record says of the image of a workflow, with the worker that keeps it. */
export interface ImageRow extends Pick<
  Selectable<ImageTable>,
  'workflow_id' | 'built_json' | 'kept_by' | 'kept_until'
> {
  readonly name: string | null;
  readonly token_hash: string | null;
}

/** Undefined where the workflow built none, or was removed with its build. */
export function readImageRow(tx: Reading, workflowId: string): Promise<ImageRow | undefined> {
  return tx.db
    .selectFrom('image')
    .leftJoin('worker', 'worker.id', 'image.kept_by')
    .select([
      'image.workflow_id',
      'image.built_json',
      'image.kept_by',
      'image.kept_until',
      'worker.name',
      'worker.token_hash',
    ])
    .where('image.workflow_id', '=', workflowId)
    .executeTakeFirst();
}

/** The image of a part that was recorded, as {@link keptImageOf}. */
export async function stillKept(
  tx: Reading,
  { workflowId }: KeptImage,
  at: number,
): Promise<KeptImage | string> {
  if (workflowId === undefined) return 'nothing says until when it was kept';
  return keptImageOf(await readImageRow(tx, workflowId), at);
}

/** The image, where its worker still keeps it at `at` (epoch ms); else why it is gone, for the end of a sentence. */
export function keptImageOf(row: ImageRow | undefined, at: number): KeptImage | string {
  if (row === undefined) return 'the build that it was kept with was removed';
  const { kept_by: workerId, kept_until: keptUntil, name, token_hash: tokenHash } = row;
  if (workerId === null) return 'no worker kept it';
  const kept = `the worker ${name ?? workerId} kept it`;
  if (tokenHash === null || isRevoked(tokenHash)) return `${kept}, and is gone`;
  if ((keptUntil ?? 0) <= at) return `${kept} until ${new Date(keptUntil ?? 0).toISOString()}`;
  return { built: JSON.parse(row.built_json) as BuiltImage, workerId, workflowId: row.workflow_id };
}
