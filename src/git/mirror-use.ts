import { stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isRepository } from './mirror.ts';

/** A use is noted on the disk once in so long. */
export const USE_NOTED_MS = 60 * 60_000;
/** In a mirror; its time is that of the last use that was noted. */
const MARK = 'slipway-used';

/** Who uses a mirror now, and when it was last used. */
export interface MirrorUse {
  /** From the call on the mirror is in use; call what it returns at the end, as often as you like. */
  begin(): () => void;
  isUsed(): boolean;
  /** Notes on the disk that the mirror, which is there now, was used. */
  note(): Promise<void>;
  /** Epoch ms; null: there is no mirror. One that no use was noted of counts as used now. */
  last(): Promise<number | null>;
  /** The mirror is gone, and what was noted with it. */
  forget(): void;
}

export function mirrorUse(gitDir: string): MirrorUse {
  const mark = path.join(gitDir, MARK);
  let users = 0;
  let notedAt = -Infinity;

  const write = async (): Promise<void> => {
    const now = new Date();
    await utimes(mark, now, now).catch(() => writeFile(mark, ''));
    notedAt = performance.now();
  };
  return {
    begin() {
      users += 1;
      let isOver = false;
      return () => {
        if (!isOver) users -= 1;
        isOver = true;
      };
    },
    isUsed: () => users > 0,
    async note() {
      // What cannot be noted, such as on a full disk, is no reason to fail: the mirror can be made again.
      if (performance.now() - notedAt >= USE_NOTED_MS) await write().catch(() => undefined);
    },
    async last() {
      if (!(await isRepository(gitDir))) return null;
      const noted = await stat(mark).catch(() => null);
      if (noted !== null) return noted.mtimeMs;
      await write();
      return Date.now();
    },
    forget: () => void (notedAt = -Infinity),
  };
}
