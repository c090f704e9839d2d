/** The files of artifacts. One writer (the server); any number of readers. */
export interface ArtifactFiles {
  /** How many bytes of an artifact that is still coming are there. */
  received(id: string): Promise<number>;
  /**
   * Writes bytes at `offset`, which is at most what {@link received} tells. One call at a time for one artifact.
   * @throws Problem `disk_full`.
   */
  write(id: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** What has come is all: its digest, `sha256:…`; durable when this resolves. Harmless twice. */
  finish(id: string): Promise<{ readonly digest: string; readonly bytes: number }>;
  /** Null when it is not there. */
  open(id: string): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> } | null>;
  /** Removes it, whole or not; harmless when it is not there. */
  remove(id: string): Promise<void>;
  /** The ids of all that have files, those of a day at once. */
  list(): AsyncIterable<readonly string[]>;
}
