import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { readPartsSettings, type PartsSettings } from '../../config/settings.ts';
import { Problem } from '../core/problem.ts';
import { usageBelow, UsageError } from './call-server.ts';

/** What a command gets that works on the files of a server of this machine. */
export interface LocalCall {
  /** The server's, by the same variables. @throws Problem `settings_wrong`. */
  readonly settings: () => PartsSettings;
  readonly positionals: readonly string[];
  readonly json: boolean;
  /** Aborted when the command is asked to end. */
  readonly signal: AbortSignal;
  /** Writes a line to standard output. */
  readonly say: (line: string) => void;
}

/** A command that asks no server: it has the settings that the server has. */
export interface LocalCommand {
  readonly usage: string;
  /** What follows the usage in the help. */
  readonly about: string;
  /** Names of its arguments; all of them are needed. */
  readonly arguments: readonly string[];
  /** Gives the exit status; nothing is 0. */
  readonly run: (call: LocalCall) => Promise<number | void>;
}

const OPTIONS = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/** Runs a command here, and shows what went wrong with what to do about it. Gives the exit status. */
export async function callHere(command: LocalCommand, argv: readonly string[]): Promise<number> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const { values, positionals } = parse(argv);
    if (values.help === true) {
      process.stdout.write(`Usage: ${command.usage}\n\n${command.about}\n`);
      return 0;
    }
    const missing = command.arguments[positionals.length];
    if (missing !== undefined) throw new UsageError(`${missing} is missing`);
    const empty = command.arguments[positionals.indexOf('')];
    if (empty !== undefined) throw new UsageError(`${empty} is empty`);
    if (positionals.length > command.arguments.length)
      throw new UsageError(`it takes ${command.arguments.join(' and ') || 'nothing'} alone`);
    const settings = (): PartsSettings => readPartsSettings(process.env);
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    const call = { settings, positionals, json: values.json === true, signal: ending.signal, say };
    return (await command.run(call)) ?? 0;
  } catch (error) {
    return explain(error, command.usage);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function explain(error: unknown, usage: string): number {
  if (error instanceof UsageError) {
    process.stderr.write(`slipway: ${error.message}\n${usageBelow(error, `Usage: ${usage}\n`)}`);
    return 2;
  }
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('slipway: ended; nothing was kept\n');
    return 130;
  }
  const { message, code } = error as NodeJS.ErrnoException;
  if (!(error instanceof Problem) && code === undefined) throw error;
  process.stderr.write(`slipway: ${message}\n${error instanceof Problem ? `  ${error.fix}\n` : ''}`);
  return 1;
}
