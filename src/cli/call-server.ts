import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { didYouMean } from '../core/did-you-mean.ts';
import { Problem } from '../core/problem.ts';
import { trustAuthorities } from '../tls/trust-authorities.ts';
import { ApiError, createApiClient, type ApiClient } from './api-client.ts';

/** What a command gets: the server, its arguments, and where to write. */
export interface Call {
  readonly api: ApiClient;
  readonly positionals: readonly string[];
  readonly values: Values;
  /** Writes a line to standard output. */
  readonly say: (line: string) => void;
}

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** A command that talks to the server. */
export interface ServerCommand {
  readonly usage: string;
  readonly options?: ParseArgsOptionsConfig;
  /** How many arguments it takes. */
  readonly arguments: readonly [least: number, most: number];
  /** Where the fields of its request come from, so that what is wrong is told in the words that were typed. */
  readonly fields?: Readonly<Record<string, Typed>>;
  /** Gives the exit status; nothing is 0. */
  readonly run: (call: Call) => Promise<number | void>;
}

/** An option by its name, or what an argument is called and its place from 0. */
export type Typed = { readonly option: string } | { readonly argument: number; readonly called: string };

/** @throws UsageError for a verb that the command does not have. */
export function demandVerb(command: string, verb: string, verbs: readonly string[]): void {
  if (verbs.includes(verb)) return;
  const near = didYouMean(verb, verbs);
  throw new UsageError(
    `there is no "${command} ${verb}"; ${near === null ? `there are ${verbs.join(', ')}` : `did you mean "${near}"?`}`,
  );
}

/** Wrong use of a command: shown with its usage, exit status 2. */
export class UsageError extends Error {}

/** Of which one value alone is wrong: its message names it and what it may be, and is shown without the usage. */
export class WrongValue extends UsageError {}

/** What is shown below an error of use; empty where the error says all. */
export function usageBelow(error: unknown, usage: string): string {
  return error instanceof UsageError && !(error instanceof WrongValue) ? `\n${usage}` : '';
}

const COMMON = {
  server: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const COMMON_HELP = `
  --server URL   the server; else SLIPWAY_URL
  --token TOKEN  an admin token; else SLIPWAY_TOKEN (which other users of the machine cannot see)
  --json         the API's answer instead of text
`;

/** Runs a command: reads its arguments, calls, and shows what went wrong with what to do about it. Gives the exit status. */
export async function callServer(command: ServerCommand, argv: readonly string[]): Promise<number> {
  let typed: Pick<Call, 'values' | 'positionals'> = { values: {}, positionals: [] };
  try {
    typed = parse(command, argv);
    const { values, positionals } = typed;
    if (values['help'] === true) {
      process.stdout.write(`Usage: ${command.usage}\n${COMMON_HELP}`);
      return 0;
    }
    const [least, most] = command.arguments;
    if (positionals.length < least || positionals.length > most)
      throw new UsageError(
        `it takes ${least === most ? least || 'no' : `${least} to ${most}`} ${most === 1 ? 'argument' : 'arguments'}`,
      );
    trustAuthorities(process.env['SLIPWAY_CA_BUNDLE'] || null);
    const api = createApiClient(whereTo(values));
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    return (await command.run({ api, positionals, values, say })) ?? 0;
  } catch (error) {
    return explain(inTypedWords(error, command, typed), command.usage);
  }
}

function parse(command: ServerCommand, argv: readonly string[]) {
  try {
    const options = { ...COMMON, ...command.options };
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options });
    return { values: values as Values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function whereTo(values: Call['values']): { server: string; token: string } {
  const server = values['server'] ?? process.env['SLIPWAY_URL'];
  const token = values['token'] ?? process.env['SLIPWAY_TOKEN'];
  if (typeof server === 'string' && server !== '' && !isWebAddress(server))
    throw new ApiError(
      `${server} is no address of a server.`,
      `Write it like http://localhost:8000 in ${values['server'] === undefined ? 'SLIPWAY_URL' : '--server'}.`,
      0,
    );
  if (typeof server !== 'string' || server === '')
    throw new ApiError(
      'No server is named.',
      'Set SLIPWAY_URL to its address, e.g. http://localhost:8000, or use --server.',
      0,
    );
  if (typeof token !== 'string' || token === '')
    throw new ApiError(
      'There is no token.',
      "Set SLIPWAY_TOKEN to an admin token; the first one is in the file admin-token of the server's data folder.",
      0,
    );
  // Also a broken line: it would be shown with what refuses it.
  if (!/^[\x21-\x7e]+$/.test(token.trim()))
    throw new ApiError(
      'The token has a character that no token has, such as a space or the end of a line.',
      `Copy it anew into ${values['token'] === undefined ? 'SLIPWAY_TOKEN' : '--token'}.`,
      0,
    );
  return { server, token: token.trim() };
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

/** What the API calls `cloneUrl` was typed as an argument: it is named so, with the value that was typed. */
function inTypedWords(
  error: unknown,
  { fields = {} }: ServerCommand,
  { values, positionals }: Pick<Call, 'values' | 'positionals'>,
): unknown {
  if (!(error instanceof ApiError) || error.wrong === null) return error;
  const { field, cause } = error.wrong;
  const name = field.split('.')[0] ?? '';
  const from = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (from === undefined) return error;
  const [word, value] =
    'option' in from
      ? [`--${from.option}`, values[from.option]]
      : [`the ${from.called}`, positionals[from.argument]];
  const isTold = value === undefined || cause.startsWith(String(value));
  const shown = isTold ? word : `${word} ${String(value)}`;
  const isVerb = /^(is|has|names) /.test(cause);
  return new ApiError(
    `${shown}${isVerb ? '' : ':'} ${cause}.`,
    'Correct it and run the command again.',
    error.status,
  );
}

function explain(error: unknown, usage: string): number {
  if (error instanceof ApiError) {
    process.stderr.write(`slipway: ${error.message}\n  ${error.fix}\n`);
    return 1;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`slipway: ${error.message}\n${usageBelow(error, `Usage: ${usage}\n`)}`);
    return 2;
  }
  const { message, syscall } = error as NodeJS.ErrnoException;
  if (!(error instanceof Problem) && syscall === undefined) throw error;
  const fix = error instanceof Problem ? error.fix : 'Correct what it names and run the command again.';
  process.stderr.write(`slipway: ${message}\n  ${fix}\n`);
  return 1;
}
