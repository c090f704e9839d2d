import { useEffect, useState } from 'preact/hooks';
import { formatAgo, formatDuration, formatTime } from '../format.ts';

/** The time of day, ticking. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function Ago({ atMs }: { atMs: number }) {
  const now = useNow(5_000);
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
      {formatAgo(atMs, now)}
    </time>
  );
}

/** How long something took, or takes so far; nothing before it began. */
export function Took({ fromMs, toMs }: { fromMs: number | null; toMs: number | null }) {
  const now = useNow(toMs === null && fromMs !== null ? 200 : 60_000);
  if (fromMs === null) return null;
  return <span class="took">{formatDuration((toMs ?? now) - fromMs)}</span>;
}
