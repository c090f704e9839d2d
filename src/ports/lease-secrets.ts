import type { LeaseSecrets } from '../core/work.ts';

/** Decrypts what one lease may read. Called in the server alone, at each request; nothing is kept. */
export interface LeaseSecretsSource {
  /**
   * @param names Names of project secrets that the work's plan mentions; one that is not set is missing in the answer.
   * @param clone Whether the project's clone credentials are wanted (workflows, not deployments).
   */
  forLease(request: {
    readonly projectId: string;
    readonly names: readonly string[];
    readonly clone: boolean;
  }): Promise<LeaseSecrets>;
}
