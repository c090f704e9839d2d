/** `3 s`, `4 min 05 s`, `1 h 02 min`; below a second in ms. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `842 B`, `12.4 kB`, `3.10 MB`: powers of 1000, as registries and networks count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit] ?? ''}`;
}

/** `just now`, `5 min ago`, `3 h ago`, then the date. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Local date and time to the second, for titles. */
export function formatTime(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** Date and time to the minute, local or in a zone; local where the browser does not know that zone. */
export function formatMinute(atMs: number, timeZone?: string): string {
  const form = { dateStyle: 'medium', timeStyle: 'short' } as const;
  try {
    return new Date(atMs).toLocaleString(undefined, timeZone === undefined ? form : { ...form, timeZone });
  } catch {
    return `${formatMinute(atMs)} here`;
  }
}

/** The first twelve hex digits of a digest, as people compare them. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 8);
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
