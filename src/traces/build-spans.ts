import { spanIdOf, traceOf } from '../core/trace-context.ts';
import type { StepKind } from '../core/work.ts';
import { errorOf, resultOf } from './result.ts';
import { within, type Attributes, type Span } from './span.ts';
import type { TracedBuild, TracedLease, TracedStep, TracedWorkflow } from './traced.ts';

/**
 * A build as spans, the build's own first: from the receipt of its delivery to its end, over intake, waiting, and each
 * attempt of its workflow over the steps that began. Pure; the same build has the same spans whenever they are asked for.
 * @param publicUrl Address of the pages, without closing slash.
 */
export function buildSpans(build: TracedBuild, publicUrl: string): readonly Span[] {
  const root = rootOf(build);
  const inside = childrenOf(root);
  const planned = build.plannedAtMs ?? build.finishedAtMs;
  const isRefused = build.plannedAtMs === null;
  const intake = inside({
    id: `${build.id} intake`,
    name: 'intake',
    startMs: root.startMs,
    endMs: planned,
    error: isRefused ? root.error : null,
  });
  if (build.workflow === null) return [root, intake];
  return [
    root,
    intake,
    ...waits(build, build.workflow, planned).map(inside),
    ...build.workflow.leases.flatMap((lease) => attemptSpans(root, { build, lease, publicUrl })),
  ];
}

function rootOf(build: TracedBuild): Span {
  const start = Math.min(build.receivedAtMs ?? build.createdAtMs, build.createdAtMs, build.finishedAtMs);
  return {
    ...traceOf(build.id),
    parentId: null,
    name: `BUILD ${build.project.path}`,
    kind: 'server',
    startMs: start,
    endMs: build.finishedAtMs,
    attributes: {
      'cicd.pipeline.action.name': 'BUILD',
      ...resultOf('cicd.pipeline.result', build),
      'slipway.build.number': build.number,
      'slipway.build.event': build.event.kind,
    },
    error: errorOf(build),
    links: build.rerunOf === null ? [] : [traceOf(build.rerunOf)],
  };
}

interface Part {
  /** What its span's id follows from. */
  readonly id: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes?: Attributes;
  readonly error?: string | null;
}

/** Makes spans below `parent`, and within its time: workers' clocks are their own. */
export function childrenOf(parent: Span): (part: Part) => Span {
  return ({ id, name, startMs, endMs, attributes = {}, error = null }) => ({
    traceId: parent.traceId,
    spanId: spanIdOf(id),
    parentId: parent.spanId,
    name,
    kind: 'internal',
    ...within(parent, startMs, endMs),
    attributes,
    error,
    links: [],
  });
}

/** Before each attempt, and after the last where that was lost and nobody took the next. */
function waits(build: TracedBuild, { leases, attempt }: TracedWorkflow, planned: number): readonly Part[] {
  const since = [planned, ...leases.map(({ endedAtMs }) => endedAtMs ?? build.finishedAtMs)];
  const taken = leases.map(({ grantedAtMs }) => grantedAtMs);
  if ((leases.at(-1)?.attempt ?? 0) < attempt) taken.push(build.finishedAtMs);
  return taken.map((endMs, index) => ({
    id: `${build.id} waiting ${index + 1}`,
    name: 'waiting',
    startMs: since[index] ?? endMs,
    endMs,
  }));
}

interface Attempt {
  readonly build: TracedBuild;
  readonly lease: TracedLease;
  readonly publicUrl: string;
}

function attemptSpans(root: Span, { build, lease, publicUrl }: Attempt): readonly Span[] {
  const { workflow } = build;
  if (workflow === null) return [];
  const isLast = lease.attempt === workflow.attempt;
  const end = isLast ? workflow : ({ status: 'error', reason: lease.endReason } as const);
  const span = childrenOf(root)({
    id: lease.id,
    name: `workflow ${workflow.name}`,
    startMs: lease.grantedAtMs,
    endMs: lease.endedAtMs ?? build.finishedAtMs,
    attributes: {
      ...taskOf({ name: workflow.name, runId: lease.id, url: `${publicUrl}/builds/${build.id}` }),
      ...resultOf('cicd.pipeline.task.run.result', end),
      'cicd.worker.id': lease.worker.id,
      'cicd.worker.name': lease.worker.name,
      'slipway.workflow.attempt': lease.attempt,
    },
    error: errorOf(end),
  });
  const own = workflow.steps.filter(({ workflowAttempt }) => workflowAttempt === lease.attempt);
  const inside = childrenOf(span);
  return [span, ...own.map((step) => inside(stepPart(step, build, publicUrl)))];
}

/** Names of spans: what stands in the file for steps and services, our own words for the rest. */
const NAMES: Readonly<Record<StepKind, (name: string) => string>> = {
  clone: () => 'checkout',
  image: () => 'image',
  service: (name) => `service ${name}`,
  step: (name) => `step ${name}`,
  push: () => 'push',
};

/** By the conventions a task builds, tests or deploys; a checkout does neither. */
const TYPES: Readonly<Record<StepKind, string | null>> = {
  clone: null,
  image: 'build',
  service: 'test',
  step: 'test',
  push: null,
};

function stepPart(step: TracedStep, build: TracedBuild, publicUrl: string): Part {
  const { attemptId } = step;
  return {
    id: attemptId,
    name: NAMES[step.kind](step.name),
    startMs: step.startedAtMs,
    endMs: step.finishedAtMs,
    attributes: {
      ...taskOf({
        name: step.name,
        runId: attemptId,
        url: `${publicUrl}/builds/${build.id}?log=${attemptId}`,
      }),
      ...resultOf('cicd.pipeline.task.run.result', step),
      'cicd.pipeline.task.type': TYPES[step.kind],
      'process.exit.code': step.exitCode,
      ...(step.status === 'success' && imageOf(step.kind, build)),
    },
    error: errorOf(step),
  };
}

/** What the conventions want of every task. */
export function taskOf(task: {
  readonly name: string;
  readonly runId: string;
  readonly url: string;
}): Attributes {
  return {
    'cicd.pipeline.task.name': task.name,
    'cicd.pipeline.task.run.id': task.runId,
    'cicd.pipeline.task.run.url.full': task.url,
  };
}

function imageOf(kind: StepKind, { image }: TracedBuild): Attributes {
  if (kind === 'image' && image !== null)
    return {
      'container.image.id': image.built.imageId,
      'slipway.image.bytes': image.built.sizeBytes,
      'slipway.image.steps': image.built.totalSteps,
      'slipway.image.steps.cached': image.built.cachedSteps,
    };
  if (kind !== 'push' || image?.pushed == null) return {};
  const { repository, digest, bytesPushed, bytesReused } = image.pushed;
  return {
    'container.image.name': repository,
    'container.image.repo_digests': [`${repository}@${digest}`],
    'container.image.tags': image.tags,
    'slipway.push.bytes': bytesPushed,
    'slipway.push.bytes.reused': bytesReused,
  };
}
