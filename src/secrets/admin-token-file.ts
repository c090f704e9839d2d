import { readFile, rm } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { replaceDurably, writeNewFile } from '../files/durable.ts';
import type { Clock } from '../ports/clock.ts';
import { insertAudit } from '../store/insert-audit.ts';
import type { Note } from '../store/store.ts';
import type { AccessTokens } from './access-tokens.ts';

/**
 * At the server's start: puts a new admin token into `file`, which only its owner may read, when no token lets
 * anybody in, or when the file is there and empty. So whoever may write to the data folder, which holds the whole
 * record, gets in again when all tokens are lost. Returns whether it did; other tokens stay as they are.
 * @throws Problem `configuration_wrong` when the file cannot be written.
 */
export async function keepAdminToken({
  tokens,
  clock,
  file,
}: {
  readonly tokens: Pick<AccessTokens, 'list' | 'makeFirstAdminToken' | 'make'>;
  readonly clock: Clock;
  readonly file: string;
}): Promise<boolean> {
  const isAsked = (await readFile(file, 'utf8').catch(() => null))?.trim() === '';
  if (!isAsked) {
    const known = await tokens.list();
    if (known.some(({ expiresAtMs }) => (expiresAtMs ?? Infinity) > clock.nowMs())) return false;
    // From here on the file asks, also after a power cut: a start that is killed between record and file is made up for by the next one.
    await writeAside(file, '');
  }
  const note = noteOf(clock);
  const token =
    (await tokens.makeFirstAdminToken(note)) ?? (await tokens.make(newName(clock), null, note)).token;
  await writeAside(file, `${token}\n`);
  return true;
}

/** The audit log's entry of a token that the server made by itself. */
function noteOf(clock: Clock): Note {
  return (tx, made) =>
    insertAudit(
      tx,
      {
        actor: { kind: 'server', id: null, name: null, via: null },
        action: 'token.make',
        subject: { kind: 'token', id: made?.id ?? null, name: made?.name ?? null },
        address: null,
        requestId: null,
        refused: null,
      },
      { at: clock.nowMs() },
    );
}

/** e.g. `recovered-20261121-105413`, in UTC. */
function newName(clock: Clock): string {
  const [date, time] = new Date(clock.nowMs()).toISOString().replace(/[-:]/g, '').split(/[T.]/);
  return `recovered-${date}-${time}`;
}

async function writeAside(file: string, text: string): Promise<void> {
  try {
    await rm(`${file}.new`, { force: true });
    await replaceDurably(file, (aside) => writeNewFile(aside, text), `${file}.new`);
  } catch (error) {
    throw new Problem(
      'configuration_wrong',
      { name: file, cause: (error as Error).message },
      { cause: error },
    );
  }
}
