/** A file of `NAME=VALUE` lines: comments begin with `#`, values may stand in quotes, nothing is expanded. */
export function parseEnvFile(text: string): {
  readonly entries: readonly (readonly [name: string, value: string])[];
  /** Numbers, from 1, of lines that are none of the above. */
  readonly badLines: readonly number[];
} {
  const entries: [string, string][] = [];
  const badLines: number[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name, value] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(trimmed) ?? [];
    if (name === undefined || value === undefined) badLines.push(index + 1);
    else entries.push([name, unquote(value)]);
  }
  return { entries, badLines };
}

function unquote(value: string): string {
  const [, inside] = /^(?:"(.*)"|'(.*)')$/.exec(value)?.filter((part) => part !== undefined) ?? [];
  return inside ?? value;
}
