/** Ends with what the command is set by, when it was given arguments: it takes none. */
export function refuseArguments(command: string, given: readonly string[]): void {
  if (given.length === 0) return;
  console.error(
    `${command} takes no arguments (${given.join(' ')}); it is set by the variables in config/example.env.`,
  );
  process.exit(given.includes('--help') || given.includes('-h') ? 0 : 2);
}
