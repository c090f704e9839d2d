import type { GitObject } from './cat-file.ts';
import { startBatch, type Batch, type BatchOptions } from './batch.ts';

/**
 * Reads a repository's objects through one `git cat-file --batch` that lives on between questions: the start of a
 * process costs more than what it is asked (measured: 9 to 17 ms of 107 to 145 from a delivery to its plan).
 */
export interface ObjectReader {
  /**
   * The objects of these names (`<commit>:<path>`, `<ref>^{commit}`, …) in their order; null where there is none. Sees
   * what was fetched since the last question. A file larger than `maxFileBytes` comes without its text.
   * @throws Problem `git_failed`: a damaged repository, or a commit or folder of more than 64 MiB.
   */
  read(names: readonly string[]): Promise<readonly (GitObject | null)[]>;
  /** Ends the process; to be called before the repository is removed. The next question starts another. */
  close(): void;
}

export interface ObjectReaderOptions extends BatchOptions {
  /** Ends it for good. */
  readonly signal?: AbortSignal;
}

export function createObjectReader(gitDir: string, options: ObjectReaderOptions): ObjectReader {
  let batch: Batch | null = null;
  const close = (): void => {
    batch?.end('it was closed');
    batch = null;
  };
  options.signal?.addEventListener('abort', close, { once: true });
  return {
    read: async (names) => {
      options.signal?.throwIfAborted();
      const before = batch;
      if (batch?.isOpen() !== true) batch = startBatch(gitDir, options);
      try {
        return await batch.ask(names);
      } catch (error) {
        // One that had been running may have been ended by others, e.g. for want of memory; a new one says what is wrong.
        if (batch !== before) throw error;
        batch = startBatch(gitDir, options);
        return batch.ask(names);
      }
    },
    close,
  };
}
