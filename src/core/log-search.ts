/** What is looked for in a log: a piece of a line as it is shown, capitals or not. */

/** Text in the form in which two are the same. */
export function foldText(text: string): string {
  return text.toLowerCase();
}

/** Where `wanted` stands in `text`: starts, in its characters, each after the end of the one before. */
export function placesOf(text: string, wanted: string): readonly number[] {
  const needle = foldText(wanted);
  const folded = foldText(text);
  // A few letters (İ) become two: their places would not be those of the text.
  const hay = folded.length === text.length ? folded : text;
  const places: number[] = [];
  if (needle === '') return places;
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) places.push(at);
  return places;
}
