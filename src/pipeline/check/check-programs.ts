import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Settings } from '../grammar/settings.ts';
import type { Report } from '../report.ts';
import { settingVariable } from '../setting-variable.ts';

/** A step runs its commands or its image's own program, and no two settings of that are one variable. */
export function checkPrograms({ steps }: PipelineSpec, report: Report): void {
  for (const { name, commands, settings, entrypoint } of steps) {
    const key = settings !== null ? 'settings' : entrypoint !== null ? 'entrypoint' : null;
    if (key !== null && commands.length > 0)
      report.add('program_and_commands', name, { step: name.value, key });
    checkVariables(settings ?? [], report);
  }
}

function checkVariables(settings: Settings, report: Report): void {
  const names = new Map<string, string>();
  for (const { name } of settings) {
    const variable = settingVariable(name.value);
    const other = names.get(variable);
    if (other === undefined) names.set(variable, name.value);
    else report.add('setting_duplicate', name, { name: name.value, other, variable });
  }
}
