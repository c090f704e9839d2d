import { settingVariable } from '../../pipeline/setting-variable.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import type { Dialect, StepText } from '../substitution.ts';
import { hasSecret, isRow, jsonOf, noteKeys, scalarOf, scalarsIn, secretOf, textOf } from './given.ts';

/**
 * What a plugin is given; of one that is given nothing an empty map: its image does the work.
 * @param others Settings that stand beside the step's other keys, as in old files.
 */
export function settingsEntry(
  settings: Foreign | undefined,
  others: readonly Foreign[],
  dialect: Dialect,
  texts: StepText,
): OutEntry {
  if (settings?.kind === 'nothing') settings.needs('it is empty');
  const own = settings?.kind === 'map' ? settings.entries() : [];
  const entries = [...own, ...others].flatMap((one) => {
    noteName(one, dialect);
    noteKeys(one);
    const out = settingOf(one, dialect, texts);
    return out === null ? [] : [entry(one.key, out, one)];
  });
  return entry('settings', map(onceEach(entries), settings ?? null), settings ?? null);
}

/** Drone leaves hyphens and full stops in a variable (drone-runner-docker, `convertSettings`). */
function noteName(setting: Foreign, { product }: Dialect): void {
  const here = settingVariable(setting.key);
  const there = `PLUGIN_${setting.key.toUpperCase()}`;
  if (product === 'Drone' && here !== there)
    setting.changes(
      `the plugin gets it as \`${here}\`, and as \`${there}\` there`,
      'Look at what the plugin takes.',
    );
}

/** Null where the plugin is not given it. */
function settingOf(setting: Foreign, { product, yaml }: Dialect, texts: StepText): Out | null {
  const change = (one: string, at: Foreign) => texts.typedValue(one, at);
  const scalar = (one: Foreign): Out => text(textOf(one, yaml, change), one);
  if (setting.kind === 'nothing') {
    setting.needs('a plugin is not given it');
    return null;
  }
  if (setting.kind === 'text') return scalar(setting);
  if (setting.kind === 'map' && setting.has('from_secret')) return secretOf(setting);
  if (isRow(setting)) return list(setting.items().map(scalar), setting);
  const needsSecret = product === 'Woodpecker' && hasSecret(setting);
  const isTyped = scalarsIn(setting).some((one) => scalarOf(one, yaml)?.isText !== true);
  const isFilled = scalarsIn(setting).some((one) => one.peek().includes('${'));
  // Ours writes all values of its JSON as text.
  if (!needsSecret && (isTyped || product === 'Drone') && !isFilled)
    return text(jsonOf(setting, yaml, change), setting);
  if (isTyped)
    setting.changes(
      'numbers and truth values in it are text in the JSON that the plugin gets',
      'Nothing, where the plugin takes text for them.',
    );
  if (needsSecret && setting.kind === 'list' && setting.items().every((one) => isLeaf(one)))
    setting.changes('its values are joined by commas, and are JSON there', 'Look at what the plugin takes.');
  return nested(setting);

  function nested(one: Foreign): Out {
    if (one.kind === 'map' && one.has('from_secret')) return secretOf(one);
    if (one.kind === 'map')
      return map(
        one.entries().map((each) => entry(each.key, nested(each), each)),
        one,
      );
    return one.kind === 'list' ? list(one.items().map(nested), one) : scalar(one);
  }
}

const isLeaf = (one: Foreign): boolean =>
  one.kind === 'text' || one.kind === 'nothing' || (one.kind === 'map' && one.has('from_secret'));

/** Settings that a plugin gets in different variables; of several in one the first. */
function onceEach(settings: readonly OutEntry[]): readonly OutEntry[] {
  const taken = new Set<string>();
  return settings.filter(({ key, from }) => {
    const variable = key.toUpperCase().replace(/[-.]/g, '_');
    if (taken.has(variable)) {
      from?.leaveOut(`a setting before it is \`PLUGIN_${variable}\`, too`, 'Keep one of the two.');
      return false;
    }
    taken.add(variable);
    return true;
  });
}
