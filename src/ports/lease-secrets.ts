import type { LeaseSecrets } from '../core/work.ts';

/** Registries that the work of a lease speaks to, by `host[:port]`. */
export interface NeededLogins {
  /** Where it pushes to. */
  readonly push: readonly string[];
  /** Where the images come from that it names. */
  readonly pull: readonly string[];
  /** Whether it builds an image: what its Dockerfile starts from is known to nobody before. */
  readonly baseImages: boolean;
}

/** Decrypts what one lease may read. Called in the server alone, at each request; nothing is kept. */
export interface LeaseSecretsSource {
  /**
   * @param names Names of project secrets that the work's plan mentions; one that is not set is missing in the answer.
   * @param logins Registries whose logins are wanted; those of any other are not in the answer.
   */
  forLease(request: {
    readonly projectId: string;
    readonly names: readonly string[];
    readonly logins: NeededLogins;
  }): Promise<LeaseSecrets>;
}
