import type { Clock } from '../ports/clock.ts';
import type { Certificate } from './certificate.ts';
import { readCertificateFiles, type CertificateFiles } from './certificate-files.ts';

export interface CertificateKeeperOptions {
  readonly files: CertificateFiles;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Between two looks at the files, ms. */
  readonly everyMs: number;
  /** Told of each other certificate that the files hold from now on. */
  readonly onRenewed: (certificate: Certificate) => void;
  /** Told when the files cannot be used; the certificate of before stays in use. Once for each cause. */
  readonly onRefused: (error: unknown) => void;
  /** Told once of each certificate whose time ends soon, or has. */
  readonly onEnding: (certificate: Certificate) => void;
}

export interface CertificateKeeper {
  readonly current: Certificate;
  /** Looks at the files now. Never throws. */
  look(): Promise<void>;
  stop(): void;
}

/** A certificate that ends within this time should have been renewed: authorities do so a third of its life ahead. */
export const ENDING_SOON_MS = 10 * 24 * 3_600_000;

/**
 * A certificate by its files, read again for as long as the process lives. They are read and compared, not watched: who
 * renews them replaces links and folders as often as files.
 * @throws Problem `certificate_wrong` when they cannot be used at the start.
 */
export async function keepCertificate(options: CertificateKeeperOptions): Promise<CertificateKeeper> {
  let current = await readCertificateFiles(options.files);
  let refusedBefore = '';
  let toldOf = '';
  const tellEnding = (): void => {
    if (current.fingerprint === toldOf) return;
    if (current.endsMs - options.clock.nowMs() >= ENDING_SOON_MS) return;
    toldOf = current.fingerprint;
    options.onEnding(current);
  };
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificateFiles(options.files);
      refusedBefore = '';
      if (found.chain === current.chain && found.key === current.key) return;
      options.onRenewed(found);
      current = found;
    } catch (error) {
      const cause = (error as Error).message;
      if (cause !== refusedBefore) options.onRefused(error);
      refusedBefore = cause;
    } finally {
      tellEnding();
    }
  };
  tellEnding();
  const timer = setInterval(() => void look(), options.everyMs);
  timer.unref();
  return {
    get current() {
      return current;
    },
    look,
    stop: () => clearInterval(timer),
  };
}
