/** What a 401 asks for (RFC 9110, 11.3): the scheme in lower case, and its parameters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads the first challenge of a WWW-Authenticate header that we can answer: Bearer before Basic; null: none. */
export function readChallenge(header: string | null): Challenge | null {
  const challenges = (header ?? '').split(/,\s*(?=(?:Bearer|Basic)\b)/i).flatMap((text) => {
    const [, scheme, rest = ''] = /^\s*(Bearer|Basic)\b\s*(.*)$/is.exec(text) ?? [];
    return scheme === undefined ? [] : [{ scheme: scheme.toLowerCase(), parameters: readParameters(rest) }];
  });
  return (
    challenges.find(({ scheme }) => scheme === 'bearer') ??
    challenges.find(({ scheme }) => scheme === 'basic') ??
    null
  );
}

function readParameters(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)];
  return Object.fromEntries(
    pairs.map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'),
    ]),
  );
}
