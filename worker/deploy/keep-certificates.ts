import { ENDING_SOON_MS } from '../../src/tls/keep-certificate.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Router } from '../router/open-router.ts';
import { RouterAway } from '../router/runtime-client.ts';

export interface RouterCertificatesOptions {
  readonly router: Pick<Router, 'certificates'>;
  /** The operator's. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Between two looks at the folder, ms. */
  readonly everyMs: number;
  /** Told of each thing that HAProxy was told. */
  readonly onDone: (what: string) => void;
  /** Told once of each certificate that cannot be used, and of what else went wrong; it is tried again. */
  readonly onRefused: (error: unknown) => void;
  /** Told once of each certificate whose time ends soon, or has. */
  readonly onEnding: (name: string, endsMs: number) => void;
}

export interface RouterCertificates {
  /** Looks after the look that may be under way. Never throws. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

const REFUSED = 'refused ';

/** One that was mended is told of again when it goes wrong again. */
function isRefused(known: string, refused: ReadonlyMap<string, Error>): boolean {
  return [...refused].some(([name, { message }]) => known === `${REFUSED}${name} ${message}`);
}

/** Keeps the router to the operator's certificates for as long as the worker lives; looks at once. */
export function keepCertificates(options: RouterCertificatesOptions): RouterCertificates {
  const told = new Set<string>();
  const once = (key: string, tell: () => void): void => {
    if (told.has(key)) return;
    told.add(key);
    tell();
  };
  const lookOnce = async (): Promise<void> => {
    try {
      const { did, refused, certificates } = await options.router.certificates(options.folder);
      for (const what of did) options.onDone(what);
      for (const known of told)
        if (known.startsWith(REFUSED) && !isRefused(known, refused)) told.delete(known);
      for (const [name, error] of refused)
        once(`${REFUSED}${name} ${error.message}`, () => options.onRefused(error));
      for (const [name, { endsMs, fingerprint }] of certificates)
        if (endsMs - options.clock.nowMs() < ENDING_SOON_MS)
          once(fingerprint, () => options.onEnding(name, endsMs));
    } catch (error) {
      // It reads the copies when it is back.
      if (error instanceof RouterAway) return;
      once((error as Error).message, () => options.onRefused(error));
    }
  };
  let turn = Promise.resolve();
  let waiting = 0;
  const look = (): Promise<void> => {
    waiting += 1;
    turn = turn.then(lookOnce).finally(() => (waiting -= 1));
    return turn;
  };
  void look();
  const timer = setInterval(() => void (waiting === 0 && look()), options.everyMs);
  timer.unref();
  return {
    look,
    stop: async () => {
      clearInterval(timer);
      await turn;
    },
  };
}
