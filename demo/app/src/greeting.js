/** What the first page says. */
export function greeting() {
  return 'Short links for the harbour';
}
