import type { ArtifactView } from '../../core/views/build-view.ts';
import type { Reader } from './view-context.ts';

/** What a build's steps have left to be kept, in the order in which it came. */
export function artifactsOfBuild(db: Reader, buildId: string): Promise<readonly ArtifactView[]> {
  return db
    .selectFrom('artifact')
    .innerJoin('step_attempt', 'step_attempt.id', 'artifact.attempt_id')
    .innerJoin('step', 'step.id', 'step_attempt.step_id')
    .select([
      'artifact.id',
      'artifact.name',
      'step.name as step',
      'artifact.files',
      'artifact.bytes',
      'artifact.digest',
      'artifact.expires_at as expiresAtMs',
    ])
    .where('artifact.build_id', '=', buildId)
    .where('artifact.whole', '=', 1)
    .orderBy('artifact.id')
    .execute();
}
