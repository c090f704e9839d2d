/** The password as the server takes it: of the user up to the last `@` before the host, and rather of the query. */
export function splitPassword(url: string): { readonly bare: string; readonly password: string | null } {
  let password: string | null = null;
  const take = (encoded: string): string => {
    password = decode(encoded);
    return '';
  };
  const bare = url
    .replace(/^(\w+:\/\/[^/?#:]*):([^/?#]*)@/, (_, user: string, found: string) => `${user}${take(found)}@`)
    .replace(/(?<=[?&])password=([^&]*)&?/g, (_, found: string) => take(found.replaceAll('+', ' ')))
    .replace(/[?&]$/, '');
  return { bare, password };
}

/** A `%` that encodes nothing stands for itself. */
function decode(encoded: string): string {
  return encoded.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
}
