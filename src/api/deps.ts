import type { Logger } from 'pino';
import type { Builds } from '../builds/index.ts';
import type { Intake } from '../intake/intake.ts';
import type { Projects } from '../intake/projects.ts';
import type { Schedules } from '../intake/schedules.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ArtifactFiles } from '../ports/artifact-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { QueueAccess } from '../ports/queue-access.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { AccessTokens } from '../secrets/access-tokens.ts';
import type { NotificationTargets } from '../secrets/notification-targets.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { ViewContext } from '../store/read/view-context.ts';
import type { Store } from '../store/store.ts';
import type { DeliveryStore } from '../webhooks/delivery-store.ts';
import type { ApiLimits } from './limits.ts';
import type { Route } from './route.ts';

/** What the HTTP server is made of; the composition root gives it. A route takes only what it needs. */
export interface AppDeps {
  readonly settings: ApiSettings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly store: Store;
  /** What the views of the pages need besides the record. */
  readonly views: ViewContext;
  readonly builds: Builds;
  readonly logs: LogStore;
  readonly artifactFiles: Pick<ArtifactFiles, 'open'>;
  readonly secrets: Secrets;
  readonly targets: NotificationTargets;
  readonly tokens: AccessTokens;
  readonly projects: Projects;
  readonly schedules: Pick<Schedules, 'enable'>;
  readonly deliveries: DeliveryStore;
  readonly intake: Intake;
  /** The routes of the worker protocol (`src/api/worker`). */
  readonly workerRoutes: readonly Route[];
  readonly queueAccess: Pick<QueueAccess, 'expel'>;
  readonly metrics: Metrics;
  /** Why no build is started now; null when they are. */
  readonly whyPaused: () => string | null;
  /** Names what is not ready to work, e.g. `redis: connection refused`; empty when all is. */
  readonly notReady: () => Promise<readonly string[]>;
}

export interface ApiSettings {
  /** Address the pages are opened with, e.g. `https://ci.example.com`; links and the origin check follow it. */
  readonly publicUrl: string;
  /** Secrets that a webhook may be signed with, newest first; with none every delivery is refused. */
  readonly webhookSecrets: readonly string[];
  /** Folder of the bundled pages (`web/dist`); null serves none. */
  readonly webRoot: string | null;
  /** Proxies in front whose `X-Forwarded-For` is believed, as express's `trust proxy`: how many, or which; 0 for none. */
  readonly trustedProxies: number | readonly string[];
  readonly limits: ApiLimits;
  /** Whether notifications can be sent by e-mail. */
  readonly hasMailServer: boolean;
}
