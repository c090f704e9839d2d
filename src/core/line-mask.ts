/** Takes secrets out of lines of a process's own log, whose words come from others too: errors quote what failed. */
export interface LineMask {
  /** From now on these are masked; those of fewer than {@link SHORTEST} characters are not. */
  readonly add: (secrets: readonly string[]) => void;
  /** @param line JSON, as a logger writes it. */
  readonly mask: (line: string) => string;
}

const SHORTEST = 6;
/** The oldest are forgotten: a server opens the same ones again and again, and each line is searched for all. */
const MOST = 1_000;
const MASK = '********';

export function createLineMask(): LineMask {
  const formsBySecret = new Map<string, readonly string[]>();
  return {
    add: (secrets) => {
      for (const secret of secrets.filter(({ length }) => length >= SHORTEST)) {
        const forms = formsBySecret.get(secret) ?? formsOf(secret);
        formsBySecret.delete(secret);
        formsBySecret.set(secret, forms);
        const [oldest] = formsBySecret.keys();
        if (oldest !== undefined && formsBySecret.size > MOST) formsBySecret.delete(oldest);
      }
    },
    mask: (line) => {
      const found: string[] = [];
      for (const forms of formsBySecret.values())
        for (const form of forms) if (line.includes(form)) found.push(form);
      // A longer one may have a shorter one in it.
      return found
        .sort((a, b) => b.length - a.length)
        .reduce((rest, form) => rest.replaceAll(form, MASK), line);
    },
  };
}

/** As JSON, an address and the head of a request write it; each inside of JSON. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const forms = [secret, encodeURIComponent(secret.toWellFormed()), base64];
  return [...new Set(forms.map((form) => JSON.stringify(form).slice(1, -1)))];
}
