/** The engine cannot be reached, or broke the connection. */
export class EngineLost extends Error {
  override readonly name = 'EngineLost';
}

const LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

/** Calls the engine; what says that it is away becomes {@link EngineLost}, other errors stay as they are. */
export async function callEngine<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (saysLost(error)) throw new EngineLost(`the engine is away: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The HTTP status of an engine's refusal; null for anything else. */
export function refusalStatus(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null;
}

/** What the engine said in a refusal, without the client's wrapping. */
export function refusalText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const json = 'json' in error ? error.json : null;
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string')
    return json.message.trim();
  return error.message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim();
}

/** Runs a removal; what is gone already is a success. */
export async function unlessGone(removal: () => Promise<unknown>): Promise<void> {
  try {
    await callEngine(removal);
  } catch (error) {
    if (refusalStatus(error) !== 404) throw error;
  }
}

function saysLost(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (refusalStatus(error) !== null) return false;
  const code = 'code' in error ? error.code : null;
  return (typeof code === 'string' && LOST.has(code)) || error.message === 'socket hang up';
}
