import type { ProgramPlan, SettingValue } from '../../core/plan.ts';
import type { Setting } from '../grammar/settings.ts';
import type { StepSpec } from '../grammar/steps.ts';
import { settingVariable } from '../setting-variable.ts';
import type { FillValue } from './fill-values.ts';

/** What runs in a step without commands; null where it has some. */
export function planProgram(
  { settings, entrypoint, directory }: StepSpec,
  fill: FillValue,
): ProgramPlan | null {
  if (settings === null && entrypoint === null) return null;
  return {
    entrypoint,
    directory: directory === '.' ? null : directory,
    settings: Object.fromEntries(
      (settings ?? []).map(({ name, value }) => [settingVariable(name.value), planSetting(value, fill)]),
    ),
  };
}

/** For a worker that knows of commands alone: it must not take the step as done. */
export const TOO_OLD_FOR_PROGRAMS: readonly string[] = [
  'echo "slipway: the worker is too old for a step with settings or entrypoint: upgrade it" >&2',
  'exit 1',
];

function planSetting(setting: Setting, fill: FillValue): SettingValue {
  if (setting.kind === 'list') return { list: setting.items.map((item) => planSetting(item, fill)) };
  if (setting.kind === 'map')
    return {
      map: Object.fromEntries(
        setting.entries.map(({ name, value }) => [name.value, planSetting(value, fill)]),
      ),
    };
  const { value } = setting.value;
  return typeof value === 'string' ? fill({ ...setting.value, value }).text : value;
}
