/** The variable that a plugin finds a setting in, as in Woodpecker. */
export function settingVariable(name: string): string {
  return `PLUGIN_${name.replace(/[-.]/g, '_').toUpperCase()}`;
}
