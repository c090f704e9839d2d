import type { DeploymentPhase } from '../core/deployment.ts';
import { traceOf } from '../core/trace-context.ts';
import { childrenOf, taskOf } from './build-spans.ts';
import { errorOf, resultOf } from './result.ts';
import type { Attributes, Span } from './span.ts';
import type { TracedDeployment } from './traced.ts';

/**
 * A deployment as spans, its own first, over its phases. One that its build caused is a child of that build's span, in the
 * same trace, and may end after it; one that a person asked for, a rollback too, is a trace of its own that links to the
 * build's. Pure.
 */
export function deploymentSpans(deployment: TracedDeployment, publicUrl: string): readonly Span[] {
  const top = topOf(deployment, publicUrl);
  const inside = childrenOf(top);
  const last = phasesOf(deployment).length - 1;
  return [
    top,
    ...phasesOf(deployment).map(({ id, name, startMs, endMs }, index) =>
      inside({ id, name, startMs, endMs, error: index === last ? top.error : null }),
    ),
  ];
}

function topOf(deployment: TracedDeployment, publicUrl: string): Span {
  const { id, build, cause, environment } = deployment;
  const own = traceOf(id);
  const parent = build === null ? null : traceOf(build.id);
  const isBuilds = cause === 'build' && parent !== null;
  return {
    traceId: isBuilds ? parent.traceId : own.traceId,
    spanId: own.spanId,
    parentId: isBuilds ? parent.spanId : null,
    name: `deploy ${environment.name}`,
    kind: isBuilds ? 'internal' : 'server',
    startMs: Math.min(deployment.createdAtMs, deployment.finishedAtMs),
    endMs: deployment.finishedAtMs,
    attributes: {
      ...taskOf({ name: `deploy ${environment.name}`, runId: id, url: pageOf(deployment, publicUrl) }),
      ...resultOf('cicd.pipeline.task.run.result', deployment),
      'cicd.pipeline.task.type': 'deploy',
      'deployment.id': id,
      'deployment.environment.name': environment.name,
      'deployment.status': stateOf(deployment),
      'slipway.deployment.cause': cause,
      'cicd.worker.id': deployment.worker?.id ?? null,
      'cicd.worker.name': deployment.worker?.name ?? null,
      ...imageOf(deployment),
    },
    error: errorOf(deployment),
    links: isBuilds || parent === null ? [] : [parent],
  };
}

function pageOf({ build, logId, environment }: TracedDeployment, publicUrl: string): string {
  return build === null
    ? `${publicUrl}/environments/${environment.id}`
    : `${publicUrl}/builds/${build.id}?log=${logId}`;
}

/** The conventions know no other ends. */
function stateOf({ status }: TracedDeployment): string | null {
  if (status === 'success') return 'succeeded';
  return status === 'failure' || status === 'error' ? 'failed' : null;
}

function imageOf({ imageReference }: TracedDeployment): Attributes {
  if (imageReference === null) return {};
  return {
    'container.image.name': imageReference.split('@')[0] ?? null,
    'container.image.repo_digests': [imageReference],
  };
}

interface Phase {
  readonly id: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Names of the phases' spans; what has one name and follows one another is one span. The verdict is waited for while
 * `pulling`, so that a `prepare` is as long as the tests where those are longer.
 */
const PHASE_NAMES: Readonly<Record<DeploymentPhase, string | null>> = {
  waiting: 'waiting',
  pulling: 'prepare',
  starting: 'start',
  checking: 'health',
  smoking: 'smoke',
  prepared: 'switch',
  switching: 'switch',
  draining: 'drain',
  done: null,
};

/** What begins with an event of its history; null: what was before ends. Undefined: nothing changes. */
function begunBy(type: string): string | null | undefined {
  if (type === 'deployment.created' || type === 'deployment.pending') return 'waiting';
  if (type === 'deployment.running') return 'prepare';
  const phase = /^deployment\.phase\.(.+)$/.exec(type)?.[1];
  return phase === undefined ? undefined : PHASE_NAMES[phase as DeploymentPhase];
}

function phasesOf({ events, finishedAtMs }: TracedDeployment): readonly Phase[] {
  const begun: { id: string; name: string | null; startMs: number }[] = [];
  for (const { id, atMs, type } of events) {
    const name = begunBy(type);
    if (name !== undefined && name !== begun.at(-1)?.name) begun.push({ id, name, startMs: atMs });
  }
  return begun.flatMap(({ id, name, startMs }, index) =>
    name === null ? [] : [{ id, name, startMs, endMs: begun[index + 1]?.startMs ?? finishedAtMs }],
  );
}
