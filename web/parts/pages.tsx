import type { ApiError } from '../api.ts';
import type { Page } from '../../src/core/views/page.ts';
import { api, segment } from '../api.ts';
import { withNewest } from '../newest.ts';
import { Action } from './action.tsx';
import { useLoad } from './load.tsx';

/** A list that the server gives page by page, newest first. */
export interface Pages<T> {
  /** Null: not here yet, or refused. */
  readonly items: readonly T[] | null;
  readonly error: ApiError | null;
  /** Whether there is an older page. */
  readonly hasOlder: boolean;
  readonly loadOlder: () => Promise<void>;
  /** Puts a newer state of one entry, or a new entry, in its place. */
  readonly put: (item: T) => void;
}

/** @param path Of the list, with its filter. */
export function usePages<T extends { readonly id: string }>(path: string): Pages<T> {
  const { value, error, set } = useLoad(path, () => api<Page<T>>('GET', path));
  const next = value?.next ?? null;
  return {
    items: value?.items ?? null,
    error,
    hasOlder: next !== null,
    loadOlder: async () => {
      if (next === null) return;
      const older = await api<Page<T>>(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}before=${segment(next)}`,
      );
      set((shown) =>
        shown?.next === next ? { items: [...shown.items, ...older.items], next: older.next } : shown,
      );
    },
    put: (item) =>
      set((shown) =>
        shown === null ? shown : { ...shown, items: withNewest(shown.items, item, shown.next) },
      ),
  };
}

/** The button for the next page, while there is one. */
export function Older<T>({ pages, what }: { pages: Pages<T>; what: string }) {
  return pages.hasOlder ? <Action run={pages.loadOlder}>Older {what}</Action> : null;
}
