import { Problem } from '../core/problem.ts';
import { splitPassword } from './split-password.ts';

/** What to do about a PostgreSQL that is away or lets this user do nothing; by SQLSTATE or the system's code. */
const HELP: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|ENOENT|EACCES|08...|57P0[12])$/,
    'Start it, or name the host and port (of a socket, its folder in ?host=) where it listens.',
  ],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'Name a host that this machine can find.'],
  [/^57P03$/, 'Wait until it is up, then start again.'],
  [/^53...$/, 'Let it take more connections (max_connections), or end those that nobody needs.'],
  [/^28P01$/, 'Correct the user or the password.'],
  [
    /^28...$/,
    'Make that user, or let it in by pg_hba.conf of that server; where the cause says "no encryption", add ?sslmode=require.',
  ],
  [/^3D000$/, 'Make that database for the user (`createdb -O <user> <name>`), or name another.'],
  [
    /^42501$/,
    'Make the user owner of the database, or let it make tables (`grant create, usage on schema public to <user>`).',
  ],
  [/^25006$/, 'Name the server that is written to, not one that follows it.'],
  [/^(?:42601|42704|42883|0A000)$/, 'It may be too old: Slipway is tested with PostgreSQL 15.'],
  [/^53100$/, 'Free space on its disk.'],
  [
    /CERT|SSL|TLS|SIGNATURE/,
    'Name the authorities of its certificate in SLIPWAY_CA_BUNDLE, or correct sslmode and the host.',
  ],
];

/** What has no code, by its words. */
const WORDS: readonly (readonly [RegExp, string, string])[] = [
  [/timeout/i, 'ETIMEDOUT', 'it does not answer in time'],
  [/Connection terminated|connection ended/i, 'ECONNRESET', 'it ends the connection'],
  [/does not support SSL/, '', 'it speaks no TLS, which the address asks for'],
  [/client password must be/, '28P01', 'it asks for a password, and there is none'],
];

const NO_TLS = 'Leave sslmode out of the address, or let that server speak TLS.';
const NO_FILE = 'Name a file that the user that Slipway runs as may read.';
const NO_ADDRESS =
  'Write it like postgres://user@host/name, with %2F for a / in user or password, and so on.';

/**
 * What a PostgreSQL refuses that cannot be reached or used as it is; null for any other error. It names the database
 * without its password.
 */
export function refusalOf(error: unknown, url: string): Problem | null {
  if (error instanceof Problem) return null;
  const { code = '', message, name, syscall, path } = error as NodeJS.ErrnoException;
  const database = splitPassword(url).bare;
  // Such an error has the whole address in it.
  if (code === 'ERR_INVALID_URL' || name === 'URIError')
    return new Problem('database_refused', { database, cause: 'that is no address', help: NO_ADDRESS });
  // Of a certificate or a key that the address names; any other file is somebody else's.
  if (syscall !== undefined && path !== undefined && syscall !== 'connect')
    return url.includes(path)
      ? new Problem('database_refused', { database, cause: message, help: NO_FILE }, { cause: error })
      : null;
  if (typeof code !== 'string') return null;
  const [, meant, words] = WORDS.find(([pattern]) => code === '' && pattern.test(message)) ?? [];
  const help = meant === '' ? NO_TLS : HELP.find(([pattern]) => pattern.test(meant ?? code))?.[1];
  if (help === undefined) return null;
  return new Problem(
    'database_refused',
    { database, cause: words ?? (message || code), help },
    { cause: error },
  );
}
