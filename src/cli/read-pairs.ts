import { WrongValue } from './call-server.ts';

/** What an option that may be repeated says, `NAME=VALUE` each; of a name the last counts. @throws WrongValue for another form. */
export function readPairs(option: string, written: unknown): Readonly<Record<string, string>> {
  const all = Array.isArray(written) ? written.map(String) : [];
  return Object.fromEntries(
    all.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new WrongValue(`--${option} ${text}: write NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)] as const;
    }),
  );
}
