/**
 * Puts something in the place of each `${{ … }}` of a text, in one pass. What is put in is not read again. A `}}` within the
 * quotes of an expression is no end of it, but where quotes are not closed, the first `}}` is.
 * @param by Gets what is between the braces, without blanks around it, and where the whole begins.
 */
export function replaceExpressions(
  text: string,
  by: (expression: string, whole: string, offset: number) => string,
): string {
  let result = '';
  let copied = 0;
  let hasQuotes = true;
  for (let start = text.indexOf('${{'); start >= 0; start = text.indexOf('${{', copied)) {
    let end = hasQuotes ? endOutsideQuotes(text, start + 3) : -1;
    if (end < 0) {
      hasQuotes = false;
      end = text.indexOf('}}', start + 3);
    }
    if (end < 0) break;
    result +=
      text.slice(copied, start) + by(text.slice(start + 3, end).trim(), text.slice(start, end + 2), start);
    copied = end + 2;
  }
  return result + text.slice(copied);
}

/** What is between the braces where one expression is all of a text; null for any other text. */
export function expressionAlone(text: string): string | null {
  const written = text.trim();
  let found: string | null = null;
  const rest = replaceExpressions(written, (expression) => {
    found ??= expression;
    return '';
  });
  const isOne = written.startsWith('${{') && rest === '';
  return isOne && replaceExpressions(written, () => '.').length === 1 ? found : null;
}

function endOutsideQuotes(text: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") isQuoted = !isQuoted;
    else if (!isQuoted && text[at] === '}' && text[at + 1] === '}') return at;
  }
  return -1;
}
