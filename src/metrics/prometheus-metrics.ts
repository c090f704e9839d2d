import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describeLabels, hasLabels } from '../core/labels.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadDiskSpace } from '../ports/disk-space.ts';
import type { Store } from '../store/store.ts';
import { countEnds, type EndCount } from './count-ends.ts';
import type { Metrics } from './metrics.ts';
import { readRecord, type RecordState } from './read-record.ts';

export interface MetricsDeps {
  readonly store: Pick<Store, 'db' | 'onChange'>;
  readonly clock: Clock;
  /** Version of Slipway. */
  readonly version: string;
  /** Ids of the workers that are heard of. */
  readonly connected: () => ReadonlyMap<string, number>;
  readonly isQueueReady: () => boolean;
  /** The disk of the data folder. */
  readonly readSpace: ReadDiskSpace;
}

/** From a check that finds nothing to do to the longest builds. */
const BUILD_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 3_600];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** What changed is counted at least this often, also where nobody asks. */
const CATCH_UP_MS = 60_000;

/**
 * Metrics by prom-client, named by Prometheus' conventions: `slipway_` first, base units, `_total` for counters. No label
 * has a value that users make up, so their number stays small.
 */
export function createPrometheusMetrics(deps: MetricsDeps): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registers = [register];
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({ name: `slipway_${name}`, help, labelNames, registers });

  gauge('info', 'Version of this server; always 1.', ['version']).set({ version: deps.version }, 1);
  const now = gaugesOfNow(gauge);
  const requests = new Histogram({
    name: 'slipway_http_request_seconds',
    help: 'Time to the end of the answer, by route; event streams and long polls last as long as their readers.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const traces = tracesOf(registers);
  const ends = [
    endsOf('build', 'Builds that have ended since the server began, by status.', deps, registers),
    endsOf('deployment', 'Deployments that have ended since the server began, by status.', deps, registers),
  ];
  const catchUp = async (): Promise<void> => void (await Promise.all(ends.map((count) => count.catchUp())));
  const beat = setInterval(() => void catchUp().catch(() => undefined), CATCH_UP_MS).unref();

  return {
    contentType: register.contentType,
    async text() {
      await Promise.all([setNow(now, deps), catchUp()]);
      return register.metrics();
    },
    answered: ({ method, route, status, seconds }) =>
      requests.observe({ method, route: route ?? 'none', status: `${Math.floor(status / 100)}xx` }, seconds),
    traced: (outcome) => traces.ended.inc({ outcome }),
    rejected: (spans) => traces.rejected.inc(spans),
    stop() {
      clearInterval(beat);
      for (const count of ends) count.stop();
    },
  };
}

type MakeGauge = (name: string, help: string, labelNames?: readonly string[]) => Gauge;

function gaugesOfNow(gauge: MakeGauge) {
  return {
    builds: gauge('builds', 'Builds that have not ended, by status.', ['status']),
    oldest: gauge('builds_waiting_seconds', 'How long the oldest waiting build has waited.'),
    deployments: gauge('deployments_running', 'Deployments under way.'),
    deliveries: gauge('deliveries_waiting', 'Deliveries that are stored and not worked on yet.'),
    effects: gauge('effects_pending', 'Effects on the outside that are not done: tags, commit statuses.'),
    workers: gauge('workers', 'Workers that are connected.'),
    places: gauge('places', 'Places for builds on connected workers.'),
    taken: gauge('places_taken', 'Places that are taken.'),
    free: gauge(
      'places_free',
      'Free places on connected workers that do not drain and whose disks have room.',
    ),
    missing: gauge(
      'places_missing',
      'Builds that wait because no free place fits, by the labels they want: the signal to scale a kind of worker by.',
      ['labels'],
    ),
    draining: gauge('workers_draining', 'Connected workers that drain.'),
    lowOnDisk: gauge(
      'workers_low_on_disk',
      'Connected workers that get no builds, as a disk of theirs is low.',
    ),
    wanted: gauge(
      'places_wanted',
      'Places that what runs and waits would take: the signal to scale workers by.',
    ),
    queue: gauge('queue_ready', '1 when Redis answers.'),
    disk: gauge('disk_free_bytes', 'Free bytes of the file system of the data folder.'),
  };
}

async function setNow(gauges: ReturnType<typeof gaugesOfNow>, deps: MetricsDeps): Promise<void> {
  const [record, disk] = await Promise.all([readRecord(deps.store), deps.readSpace().catch(() => null)]);
  const connected = deps.connected();
  const workers = record.workers.filter(({ id }) => connected.has(id));
  gauges.builds.set({ status: 'pending' }, record.waiting);
  gauges.builds.set({ status: 'running' }, record.running);
  gauges.builds.set({ status: 'blocked' }, record.blocked);
  const { waitingSinceMs } = record;
  gauges.oldest.set(waitingSinceMs === null ? 0 : Math.max(0, deps.clock.nowMs() - waitingSinceMs) / 1_000);
  gauges.deployments.set(record.deploymentsRunning);
  gauges.deliveries.set(record.deliveriesWaiting);
  gauges.effects.set(record.effectsPending);
  gauges.workers.set(workers.length);
  gauges.places.set(workers.reduce((sum, { capacity }) => sum + capacity, 0));
  gauges.taken.set(record.placesTaken);
  gauges.draining.set(workers.filter(({ draining }) => draining).length);
  gauges.lowOnDisk.set(workers.filter(({ isDiskLow }) => isDiskLow).length);
  const open = workers.filter(({ draining, isDiskLow }) => !draining && !isDiskLow);
  gauges.free.set(open.reduce((sum, { capacity, taken }) => sum + Math.max(0, capacity - taken), 0));
  gauges.missing.reset();
  for (const [labels, count] of missingPlaces(record)) gauges.missing.set({ labels }, count);
  gauges.wanted.set(record.waiting + record.running);
  gauges.queue.set(deps.isQueueReady() ? 1 : 0);
  if (disk !== null) gauges.disk.set(disk.freeBytes);
}

/**
 * By labels, empty for builds that want none. A pipeline file may name labels that nobody has; so that not everybody who
 * writes one makes up label values here, those that no worker's token is for count together as `unknown`.
 */
function missingPlaces({ unplaced, workers }: RecordState): ReadonlyMap<string, number> {
  const missing = new Map([['', 0]]);
  for (const { tokenLabels } of workers) missing.set(describeLabels(tokenLabels), 0);
  for (const { labels, count } of unplaced) {
    const isKnown = workers.some(({ tokenLabels }) => hasLabels(tokenLabels, labels));
    const name = isKnown || describeLabels(labels) === '' ? describeLabels(labels) : 'unknown';
    missing.set(name, (missing.get(name) ?? 0) + count);
  }
  return missing;
}

function tracesOf(registers: Registry[]) {
  const ended = new Counter({
    name: 'slipway_traces_total',
    help: 'Traces of builds and deployments that were sent or dropped since the server began, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['sent', 'dropped']) ended.inc({ outcome }, 0);
  const rejected = new Counter({
    name: 'slipway_trace_spans_rejected_total',
    help: 'Spans of sent traces that the collector did not want.',
    registers,
  });
  return { ended, rejected };
}

function endsOf(
  kind: 'build' | 'deployment',
  help: string,
  { store, clock }: MetricsDeps,
  registers: Registry[],
): EndCount {
  const ended = new Counter({
    name: `slipway_${kind}s_ended_total`,
    help,
    labelNames: ['status'],
    registers,
  });
  for (const status of ['success', 'failure', 'error', 'cancelled', 'skipped']) ended.inc({ status }, 0);
  const seconds = new Histogram({
    name: `slipway_${kind}_seconds`,
    help: `From the creation of a ${kind} to its end.`,
    labelNames: ['status'],
    buckets: BUILD_SECONDS,
    registers,
  });
  return countEnds({
    store,
    clock,
    kind,
    onEnd({ status, seconds: took }) {
      ended.inc({ status });
      seconds.observe({ status }, took);
    },
  });
}
