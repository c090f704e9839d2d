import { shellQuote } from '../../src/core/shell-quote.ts';

/** Linux takes no single argument longer than this (MAX_ARG_STRLEN, 32 pages). */
export const SCRIPT_LIMIT_BYTES = 128 * 1024 - 1;

/**
 * The script of a step's commands for `sh -e -c`: each command is shown as `+ command` before it runs, and the first
 * one that fails ends it. One shell runs them all, so a `cd` or a variable lasts.
 */
export function stepScript(commands: readonly string[]): string {
  return commands.map((command) => `printf '+ %s\\n' ${shellQuote(command)}\n${command}\n`).join('');
}
