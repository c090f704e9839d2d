import type { DiskShare } from '../config/formats.ts';
import { createDiskWatch, type DiskWatch } from '../src/disk/disk-watch.ts';
import { readDiskSpace } from '../src/disk/read-disk-space.ts';
import type { DiskSpace } from '../src/ports/disk-space.ts';
import type { Engine } from './engine/engine.ts';

export interface WatchedDisks {
  readonly dataDir: string;
  readonly engine: Pick<Engine, 'host' | 'facts'>;
  readonly low: DiskShare;
  /** One of them has too little room now (why), or all have enough again (null). */
  readonly onChange: (why: string | null) => void;
  readonly onError: (error: unknown) => void;
}

/** The disks that builds fill on this machine: that of the worker's data folder, and the engine's where it can be seen. */
export function watchDisks(disks: WatchedDisks): Pick<DiskWatch, 'whyPaused' | 'look' | 'start' | 'stop'> {
  let told: string | null = null;
  const whyPaused = (): string | null => own.whyPaused() ?? engines.whyPaused();
  const tell = (): void => {
    const why = whyPaused();
    if (why !== told) disks.onChange((told = why));
  };
  const { low, onError } = disks;
  const own = createDiskWatch({
    ...{ whose: 'its disk', low, onError, onChange: tell },
    readSpace: () => readDiskSpace(disks.dataDir),
  });
  const engines = createDiskWatch({
    ...{ whose: "its engine's disk", low, onChange: tell },
    readSpace: engineSpaceReader(disks.engine),
    // An engine that is away is told by others, and has room or not as before.
    onError: () => undefined,
  });
  const both = [own, engines];
  return {
    whyPaused,
    look: async () => void (await Promise.all(both.map((watch) => watch.look()))),
    start: () => both.forEach((watch) => watch.start()),
    stop: () => both.forEach((watch) => watch.stop()),
  };
}

/** Of the folder where an engine keeps what it has; null where that is on another machine, or out of this one's sight. */
function engineSpaceReader(engine: WatchedDisks['engine']): () => Promise<DiskSpace | null> {
  let folder: string | null = null;
  return async () => {
    if (!engine.host.startsWith('unix://')) return null;
    folder ??= (await engine.facts()).folder;
    return readDiskSpace(folder).catch((error: NodeJS.ErrnoException) => {
      // A worker in a container has a file system of its own.
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  };
}
