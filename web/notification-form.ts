/** The names in a field with commas or spaces between them; none twice. */
export function namesOf(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
}
