/** `${NAME}` or `${NAME:position:length}`, as Woodpecker substitutes. */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]{0,99})(?::(\d{1,3}):(\d{1,3}))?\}/g;

/** Names of the variables of a tag, each once. */
export function variablesOf(template: string): readonly string[] {
  return [...new Set([...template.matchAll(VARIABLE)].map(([, name = '']) => name))];
}

/** The tag with its variables replaced; null when one has no value. */
export function fillTag(template: string, valueOf: (name: string) => string | null): string | null {
  let isWhole = true;
  const tag = template.replace(VARIABLE, (_, name: string, position?: string, length?: string) => {
    const value = valueOf(name) ?? '';
    const part =
      position === undefined ? value : value.slice(Number(position), Number(position) + Number(length));
    if (value === '') isWhole = false;
    return part;
  });
  return isWhole ? tag : null;
}
