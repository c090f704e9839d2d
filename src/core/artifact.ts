/** Bounds of artifacts. */
export const ARTIFACT_LIMITS = {
  /** Files of one. */
  files: 100_000,
  /** Bytes of one request of a worker. */
  part: 4 * 1024 * 1024,
  /** Different ones of one attempt of a step. */
  perAttempt: 20,
  /** That a workflow takes of others; their files, and the bytes of those, all together. */
  taken: 1_000,
  takenFiles: 200_000,
  takenBytes: 16 * 1024 ** 3,
} as const;

/** Name of an artifact; also of the file that it is downloaded as. */
export const ARTIFACT_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/;

/** What a worker says of an artifact before it sends it: a gzipped tar archive. */
export interface ArtifactOffer {
  readonly attemptId: string;
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** Of the archive, `sha256:…`. */
  readonly digest: string;
  /** For how long it is kept; null: as long as its build. */
  readonly keepMs: number | null;
}
