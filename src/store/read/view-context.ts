import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';

/** Where views are read from. */
export type Reader = Kysely<Database>;

/** What views need that the record does not hold. */
export interface ViewContext {
  /** A waiting build's place in the whole queue from 1, and why it waits; the dispatcher knows. */
  readonly waitingOf: (buildId: string) => { readonly place: number; readonly why: string } | null;
  /** What is missing for a deployment's turn to begin, or null; the dispatcher knows. */
  readonly waitingFor: (deploymentId: string) => string | null;
  /** Public URL of a host that the router serves, e.g. `http://shop.example.com:8080`. */
  readonly urlOf: (host: string) => string;
}
