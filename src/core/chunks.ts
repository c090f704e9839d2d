/** A list in parts of at most `most`, in order: a database takes some thousand values in one statement. Pure. */
export function chunks<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  const length = Math.ceil(items.length / most);
  return Array.from({ length }, (_, index) => items.slice(index * most, (index + 1) * most));
}
