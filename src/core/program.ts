import type { ProgramPlan, SettingValue } from './plan.ts';

/** Names of the secrets that are in a program's settings. */
export function secretsOfProgram(program: ProgramPlan | undefined): readonly string[] {
  return Object.values(program?.settings ?? {}).flatMap(secretsOfSetting);
}

function secretsOfSetting(setting: SettingValue): readonly string[] {
  if (typeof setting === 'string') return [];
  if ('fromSecret' in setting) return [setting.fromSecret];
  return Object.values('list' in setting ? setting.list : setting.map).flatMap(secretsOfSetting);
}

/**
 * The variables that a program gets its settings by, as Woodpecker's documentation has them ("Creating plugins"): what is
 * nested is JSON whose values are text. A list of values alone is joined by commas. Pure.
 */
export function settingVariables(
  { settings }: Pick<ProgramPlan, 'settings'>,
  secrets: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => {
      const value = valueOf(setting, secrets);
      const isRow = Array.isArray(value) && value.every((item) => typeof item === 'string');
      return [name, typeof value === 'string' ? value : isRow ? value.join(',') : JSON.stringify(value)];
    }),
  );
}

type Nested = string | readonly Nested[] | { readonly [name: string]: Nested };

function valueOf(setting: SettingValue, secrets: Readonly<Record<string, string>>): Nested {
  if (typeof setting === 'string') return setting;
  if ('fromSecret' in setting)
    return Object.hasOwn(secrets, setting.fromSecret) ? (secrets[setting.fromSecret] ?? '') : '';
  if ('list' in setting) return setting.list.map((item) => valueOf(item, secrets));
  return Object.fromEntries(
    Object.entries(setting.map).map(([name, item]) => [name, valueOf(item, secrets)]),
  );
}
