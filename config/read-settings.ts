import { readFileSync } from 'node:fs';
import { didYouMean } from '../src/core/did-you-mean.ts';
import { Problem } from '../src/core/problem.ts';
import { parseEnvFile } from './env-file.ts';
import { parseRange } from './formats.ts';
import { ROUTER_DIR_BYTES, routerDirOf } from './router-dir.ts';
import { REQUIRED } from './setting.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings-table.ts';
import type { SettingKey, SettingValue } from './settings-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one setting; `absent` takes the place of the table's default. */
export interface Read {
  <K extends SettingKey>(key: K): SettingValue<K>;
  <K extends SettingKey, A>(key: K, absent: A): SettingValue<K> | A;
}

interface Wrong {
  readonly name: string;
  readonly cause: string;
}

/**
 * Lets `compose` read what it needs, from the environment first, then from the file that SLIPWAY_CONFIG names.
 * The result is frozen through and through.
 * @throws Problem `settings_wrong` that lists every wrong setting at once.
 */
export function readSettings<T>(environment: Environment, compose: (read: Read) => T): T {
  const wrong: Wrong[] = [];
  const values = readFile(environment, wrong);
  const seen = new Map<SettingKey, unknown>();
  const read = (key: SettingKey, ...absent: unknown[]): unknown => {
    if (!seen.has(key)) seen.set(key, readOne(SETTINGS[key], values, wrong, absent));
    return seen.get(key);
  };
  const settings = compose(read);
  wrong.push(...misspelt(environment), ...contradictions(seen));
  if (wrong.length > 0) throw settingsWrong(wrong);
  return freeze(settings);
}

/** All that is set, of settings and of others; what of the file cannot be read is left out. */
export const readValues = (environment: Environment): ReadonlyMap<string, string> =>
  readFile(environment, []);

/** The environment over the file's values. An empty variable counts as absent. */
function readFile(environment: Environment, wrong: Wrong[]): Map<string, string> {
  const values = new Map<string, string>();
  const file = environment['SLIPWAY_CONFIG'] ?? '';
  if (file !== '') for (const [name, value] of readLines(file, wrong)) values.set(name, value);
  for (const [name, value] of Object.entries(environment)) if (value) values.set(name, value);
  return values;
}

function readLines(file: string, wrong: Wrong[]): readonly (readonly [string, string])[] {
  try {
    const { entries, badLines } = parseEnvFile(readFileSync(file, 'utf8'));
    for (const line of badLines) wrong.push({ name: `${file}:${line}`, cause: 'is not NAME=VALUE' });
    const names = knownNames();
    for (const [name] of entries)
      if (!names.includes(name)) wrong.push({ name, cause: `in ${file} is no setting${hint(name, names)}` });
    return entries.filter(([, value]) => value !== '');
  } catch (error) {
    wrong.push({ name: 'SLIPWAY_CONFIG', cause: `${file} cannot be read (${(error as Error).message})` });
    return [];
  }
}

function readOne(
  setting: Setting,
  values: ReadonlyMap<string, string>,
  wrong: Wrong[],
  absent: readonly unknown[],
): unknown {
  const { name } = setting;
  const raw = setting.secret ? readSecret(name, values, wrong) : values.get(name);
  if (raw === UNREADABLE) return undefined;
  if (raw === undefined) {
    if (absent.length > 0) return absent[0];
    if (setting.fallback === REQUIRED) wrong.push({ name, cause: `is missing; write ${example(setting)}` });
    return setting.fallback;
  }
  const parsed = setting.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const shown = setting.secret ? 'its value' : JSON.stringify(raw.slice(0, 200));
  const sentence = parsed.error.issues[0]?.message ?? 'is wrong';
  wrong.push({ name, cause: `${shown} ${sentence}; write ${example(setting)}` });
  return undefined;
}

const example = (setting: Setting): string =>
  setting.secret ? `it, or the path of a file in ${setting.name}_FILE` : `e.g. ${setting.example}`;

/** It is told already, so that nothing else is to be said of the setting. */
const UNREADABLE = Symbol('unreadable');

function readSecret(
  name: string,
  values: ReadonlyMap<string, string>,
  wrong: Wrong[],
): string | undefined | typeof UNREADABLE {
  const file = values.get(`${name}_FILE`);
  if (file === undefined) return values.get(name);
  if (values.has(name)) wrong.push({ name, cause: `is set, and ${name}_FILE too; keep one` });
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text !== '') return text;
    wrong.push({ name: `${name}_FILE`, cause: `${file} is empty` });
  } catch (error) {
    wrong.push({ name: `${name}_FILE`, cause: `${file} cannot be read (${(error as Error).message})` });
  }
  return UNREADABLE;
}

/** Variables of the environment that look like a setting and are none. */
function misspelt(environment: Environment): readonly Wrong[] {
  const names = knownNames();
  return Object.keys(environment)
    .filter((name) => name.startsWith('SLIPWAY_') && !names.includes(name))
    .map((name) => ({ name, near: didYouMean(name, names) }))
    .filter(({ near }) => near !== null)
    .map(({ name, near }) => ({ name, cause: `is no setting; did you mean ${near}?` }));
}

function hint(name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  return near === null ? '' : `; did you mean ${near}?`;
}

function knownNames(): readonly string[] {
  const names = Object.values<Setting>(SETTINGS).flatMap((setting) =>
    setting.secret ? [setting.name, `${setting.name}_FILE`] : [setting.name],
  );
  return [...names, 'SLIPWAY_CONFIG'];
}

/** What no setting says alone. */
/** The first of each says nothing without the second. */
const BOTH = [
  ['githubAppId', 'githubAppKey'],
  ['githubAppKey', 'githubAppId'],
  ['smtpHost', 'smtpFrom'],
  ['smtpFrom', 'smtpHost'],
  ['smtpUser', 'smtpPassword'],
  ['smtpPassword', 'smtpUser'],
  ['routerTlsBind', 'routerCertificates'],
  ['tlsKey', 'tlsCertificate'],
] as const;

function contradictions(seen: ReadonlyMap<SettingKey, unknown>): readonly Wrong[] {
  const wrong: Wrong[] = [];
  const [apps, builds] = [seen.get('appNetwork'), seen.get('buildNetworks')];
  if (typeof apps === 'string' && typeof builds === 'string' && overlap(apps, builds))
    wrong.push({
      name: SETTINGS.appNetwork.name,
      cause: `${apps} overlaps ${SETTINGS.buildNetworks.name} (${builds})`,
    });
  for (const [one, other] of BOTH)
    if (isGiven(seen.get(one)) && seen.get(other) === null)
      wrong.push({ name: SETTINGS[other].name, cause: `is missing beside ${SETTINGS[one].name}` });
  const url = seen.get('url');
  const isSecure = typeof url === 'string' && url.startsWith('https:');
  if (isGiven(seen.get('tlsCertificate')) && seen.has('url') && !isSecure)
    wrong.push({
      name: SETTINGS.url.name,
      cause: `${isGiven(url) ? JSON.stringify(url) : 'nothing'} is no https:// address, which ${SETTINGS.tlsCertificate.name} asks for; write e.g. ${SETTINGS.url.example}`,
    });
  const named = seen.get('routerDir');
  const dir = routerDirOf(typeof named === 'string' ? named : null, String(seen.get('dataDir')));
  if (seen.has('routerDir') && Buffer.byteLength(dir) > ROUTER_DIR_BYTES)
    wrong.push({
      name: SETTINGS.routerDir.name,
      cause: `${dir} is longer than the ${ROUTER_DIR_BYTES} bytes that leave room for a socket in it; write ${example(SETTINGS.routerDir)}`,
    });
  return wrong;
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

function overlap(one: string, other: string): boolean {
  const [a, b] = [parseRange(one), parseRange(other)];
  return a !== null && b !== null && a.first <= b.last && b.first <= a.last;
}

function settingsWrong(wrong: readonly Wrong[]): Problem {
  const list = wrong.map(({ name, cause }) => `  ${name}: ${cause}`).join('\n');
  const count = wrong.length === 1 ? 'One setting is' : `${wrong.length} settings are`;
  return new Problem('settings_wrong', { count, list });
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
