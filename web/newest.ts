/**
 * A list in the order of its ids, newest first, with a newer state of one entry in it. An entry that is older than the
 * list reaches is left out, or the next page would bring it again. Ids are text, ordered by time.
 * @param next What the list's last page said: null when there is nothing older.
 */
export function withNewest<T extends { readonly id: string }>(
  items: readonly T[],
  item: T,
  next: string | null,
): readonly T[] {
  const index = items.findIndex(({ id }) => id <= item.id);
  if (index >= 0) return items.toSpliced(index, items[index]?.id === item.id ? 1 : 0, item);
  return next === null ? [...items, item] : items;
}
