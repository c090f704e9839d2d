import type { Reading } from '../store/store.ts';
import { buildSpans } from './build-spans.ts';
import { deploymentSpans } from './deployment-spans.ts';
import type { Trace } from './otlp.ts';
import { readTracedBuild, readTracedDeployment } from './read-traced.ts';
import { runResource } from './run-resource.ts';

/** What a trace is made of: a build, or a deployment. */
export interface TraceSubject {
  readonly kind: 'build' | 'deployment';
  readonly id: string;
}

/** The spans of a build or a deployment that has ended, from the record; null where it is not there any more. */
export async function makeTrace(
  reading: Reading,
  { kind, id }: TraceSubject,
  publicUrl: string,
): Promise<Trace | null> {
  if (kind === 'build') {
    const build = await readTracedBuild(reading, id);
    if (build === null) return null;
    return {
      resource: runResource(build.project, build, publicUrl),
      spans: buildSpans(build, publicUrl),
    };
  }
  const deployment = await readTracedDeployment(reading, id);
  if (deployment === null) return null;
  return {
    resource: runResource(deployment.project, deployment.build, publicUrl),
    spans: deploymentSpans(deployment, publicUrl),
  };
}
