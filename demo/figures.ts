import type { BuildView } from '../src/core/views/build-view.ts';
import type { DeliveryView } from '../src/core/views/delivery-view.ts';

/** What one push cost; part of `npm run demo -- --json`, which others read. Times in ms. */
export interface PushFigures {
  /** Delivery sent to 202. */
  readonly webhookMs: number;
  /** Received to build recorded. */
  readonly intakeMs: number;
  readonly imageMs: number;
  /** First service or step begun to last step over. */
  readonly stepsMs: number;
  readonly pushMs: number;
  /** Green, with the image pushed, to the switch. */
  readonly deployMs: number;
  /** Delivery sent to the switch. */
  readonly totalMs: number;
  readonly bytesPushed: number;
  readonly digest: string;
  readonly layers: number;
  readonly cachedSteps: number;
  readonly totalSteps: number;
}

/**
 * Figures of a build that was deployed, from the record.
 * @throws Error that names what the record lacks: then a stage was not observed.
 */
export function figuresOf(
  build: BuildView,
  delivery: DeliveryView,
  sent: { readonly tookMs: number; readonly sentAtMs: number },
): PushFigures {
  const [deployment] = build.deployments;
  const switchedAtMs = have('a switch', deployment?.switchedAtMs);
  const image = spanOf(build, ['image']);
  const steps = spanOf(build, ['service', 'step']);
  const push = spanOf(build, ['push']);
  return {
    webhookMs: round(sent.tookMs),
    intakeMs: build.createdAtMs - delivery.receivedAtMs,
    imageMs: image.to - image.from,
    stepsMs: steps.to - steps.from,
    pushMs: push.to - push.from,
    deployMs: switchedAtMs - push.to,
    totalMs: switchedAtMs - sent.sentAtMs,
    bytesPushed: have('pushed bytes', build.pushed?.bytesPushed),
    digest: have('a digest', build.pushed?.digest),
    layers: have('layers', build.image?.layers),
    cachedSteps: have('cached steps', build.image?.cachedSteps),
    totalSteps: have('build steps', build.image?.totalSteps),
  };
}

function spanOf(build: BuildView, kinds: readonly string[]): { from: number; to: number } {
  const attempts = build.workflows
    .flatMap(({ steps }) => steps)
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap(({ attempts }) => attempts);
  const from = attempts.flatMap(({ startedAtMs }) => (startedAtMs === null ? [] : [startedAtMs]));
  const to = attempts.flatMap(({ finishedAtMs }) => (finishedAtMs === null ? [] : [finishedAtMs]));
  if (from.length === 0 || to.length === 0) throw new Error(`the record has no times of ${kinds.join(', ')}`);
  return { from: Math.min(...from), to: Math.max(...to) };
}

function have<T>(what: string, value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error(`the record has no ${what}`);
  return value;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Two pushes beside each other, one line a figure. */
export function compare(first: PushFigures, second: PushFigures): string[] {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const row = (name: string, of: (figures: PushFigures) => string): string =>
    `${name.padEnd(14)}${of(first).padStart(16)}${of(second).padStart(16)}`;
  return [
    `${''.padEnd(14)}${'first'.padStart(16)}${'one line later'.padStart(16)}`,
    row('webhook', ({ webhookMs }) => `${webhookMs} ms`),
    row('intake', ({ intakeMs }) => `${intakeMs} ms`),
    row('image', ({ imageMs }) => seconds(imageMs)),
    row('steps', ({ stepsMs }) => seconds(stepsMs)),
    row('push', ({ pushMs }) => seconds(pushMs)),
    row('deploy', ({ deployMs }) => seconds(deployMs)),
    row('total', ({ totalMs }) => seconds(totalMs)),
    row('build cache', ({ cachedSteps, totalSteps }) => `${cachedSteps} of ${totalSteps}`),
    row('layers', ({ layers }) => String(layers)),
    row('bytes pushed', ({ bytesPushed }) => bytesPushed.toLocaleString('en')),
  ];
}
