import { RouterAway, type RuntimeClient } from '../router/runtime-client.ts';

/** What became of HAProxy between two looks at it. */
export type RouterChange =
  /** It did not answer at two looks in a row. */
  | { readonly kind: 'away'; readonly cause: string }
  /** It answers again after it was told to be away. */
  | { readonly kind: 'back' }
  /** It ended and was started again, sooner than it would have been told to be away. */
  | { readonly kind: 'restarted' };

/** Returns a look at HAProxy. `tell` hears of each change once, however many looks it lasts. */
export function routerWatcher(
  runtime: RuntimeClient,
  tell: (change: RouterChange) => void,
): () => Promise<void> {
  let before: Life | null = null;
  let misses = 0;
  return async () => {
    try {
      const now = parseLife(await runtime.ask('show info'));
      if (misses >= MISSES) tell({ kind: 'back' });
      else if (before !== null && isAnother(before, now)) tell({ kind: 'restarted' });
      misses = 0;
      before = now;
    } catch (error) {
      if (!(error instanceof RouterAway)) throw error;
      misses += 1;
      if (misses === MISSES) tell({ kind: 'away', cause: error.message });
    }
  };
}

/** One miss may be the moment in which its supervisor starts it again. */
const MISSES = 2;

interface Life {
  readonly pid: number;
  readonly uptimeSec: number;
}

/** Of `show info` (management.txt, 9.3). In a container every process may have the same id. */
function parseLife(text: string): Life {
  const number = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? NaN);
  return { pid: number('Pid'), uptimeSec: number('Uptime_sec') };
}

function isAnother(before: Life, now: Life): boolean {
  return before.pid !== now.pid || now.uptimeSec < before.uptimeSec;
}
