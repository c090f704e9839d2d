/**
 * The forms in which a value is looked for: as it is, as URL, JSON and a quoted word of a shell write it, and of base64
 * what is the same whatever stands before and after.
 */
export function formsOf(value: string): readonly string[] {
  const encoded = [0, 1, 2].map((before) => {
    const text = Buffer.from('.'.repeat(before) + value).toString('base64');
    // The first group has what stood before, the last what comes after.
    return text.slice(before === 0 ? 0 : 4, -4);
  });
  return [
    ...new Set([
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      value.replaceAll("'", `'\\''`),
      ...encoded,
      ...encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ];
}

/** Those of the secrets, by name, that a text or bytes have in some form. */
export function secretsIn(
  secrets: Readonly<Record<string, string>>,
  content: string | Buffer,
): readonly string[] {
  return Object.entries(secrets)
    .filter(([, value]) => formsOf(value).some((form) => content.includes(form)))
    .map(([name]) => name);
}
