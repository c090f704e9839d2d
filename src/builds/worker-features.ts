import type { WorkerFeature } from '../core/worker-feature.ts';

/** Whether a worker has said that it knows to do this; one of an older version has said nothing. */
export function knows(featuresJson: string | null, feature: WorkerFeature): boolean {
  return (JSON.parse(featuresJson ?? '[]') as string[]).includes(feature);
}
