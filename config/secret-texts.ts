import { readFileSync } from 'node:fs';
import { readValues, type Environment } from './read-settings.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings-table.ts';

/**
 * What of the settings may stand in no log: each secret as a whole, and what opens something in it (one of a list, the
 * password of an address, the value of a header). Nothing of what cannot be read.
 */
export function secretTexts(environment: Environment): readonly string[] {
  const values = readValues(environment);
  const texts = Object.values<Setting>(SETTINGS).flatMap(({ name, secret }) => {
    const file = secret ? values.get(`${name}_FILE`) : undefined;
    const text = secret ? (values.get(name) ?? (file === undefined ? undefined : textOf(file))) : undefined;
    return text === undefined ? [] : [text];
  });
  return [...new Set(texts.flatMap((text) => (isOpen(text) ? [] : [text, ...partsOf(text)])))];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** An address without a password, which opens nothing: what could not be reached may be named. */
function isOpen(text: string): boolean {
  return /^[a-z+]+:\/\//.test(text) && addressOf(text) !== null && passwordsOf(text).length === 0;
}

/** Of a socket no host stands in it, see `databaseUrl`. */
function addressOf(text: string): URL | null {
  return URL.parse(text.replace('@/', '@localhost/'));
}

function passwordsOf(text: string): readonly string[] {
  const { password = '', searchParams } = addressOf(text) ?? {};
  return [password, searchParams?.get('password') ?? ''].filter(Boolean);
}

function partsOf(text: string): readonly string[] {
  if (/^[a-z+]+:\/\//.test(text)) return withDecoded(passwordsOf(text));
  const items = text.split(/[,\n]/).map((item) => item.trim());
  return withDecoded([...items, ...items.map((item) => item.slice(item.indexOf('=') + 1))]);
}

function withDecoded(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => [text, decoded(text)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
