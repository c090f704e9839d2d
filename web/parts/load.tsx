import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api.ts';
import { Words } from './words.tsx';

/** Something asked of the server: not here yet, here, or refused. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly error: ApiError | null;
  /** Puts a newer value in its place, as the stream brings it. */
  readonly set: (change: (value: T | null) => T | null) => void;
  readonly reload: () => void;
}

/** Loads when `key` changes; tries again every two seconds while the server is away. */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [kept, keep] = useState<Kept<T>>({ key, value: null, error: null });
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const now = kept.key === key ? kept : { key, value: null, error: null };
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attempt = (): void => {
      loader.current().then(
        (value) => {
          if (!gone) keep({ key, value, error: null });
        },
        (reason: unknown) => {
          if (gone) return;
          const error = asApiError(reason);
          keep((before) => ({ key, value: before.key === key ? before.value : null, error }));
          if (error.code === 'unreachable') timer = setTimeout(attempt, 2_000);
        },
      );
    };
    attempt();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, turn]);
  const set = useCallback(
    (change: (value: T | null) => T | null) =>
      keep((before) => (before.key === key ? { ...before, value: change(before.value) } : before)),
    [key],
  );
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  return { value: now.value, error: now.error, set, reload };
}

interface Kept<T> {
  readonly key: string;
  readonly value: T | null;
  readonly error: ApiError | null;
}

/** What stands in a page's place while there is nothing to show, and why. */
export function Waiting({ error, what }: { error: ApiError | null; what: string }) {
  if (error === null) return <p class="centred">Loading {what}…</p>;
  return <ErrorBox error={error} />;
}

export function ErrorBox({ error }: { error: ApiError }) {
  return (
    <div class="box box-error" role="alert">
      <strong>
        <Words text={error.message} />
      </strong>
      <p>
        <Words text={error.fix} />
      </p>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
